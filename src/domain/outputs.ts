import { bareObject } from './json.js';
import { exceedsBytes, limits, utf8Bytes } from './limits.js';

/** The outputs of a job for its dependents. A Map, because any text may be a key. */
export type Outputs = ReadonlyMap<string, string>;

type OutputsRefusalCode = 'too_many_outputs' | 'key_missing' | 'key_too_long' | 'value_too_large' | 'outputs_too_large';

/** Why outputs are refused. */
export interface OutputsRefusal {
  readonly code: OutputsRefusalCode;
  /** The offending key, shortened; null when it is the whole set. */
  readonly key: string | null;
  /** The exceeded limit; 0 for an empty key. */
  readonly limit: number;
  readonly message: string;
}

export type OutputsResult =
  | { readonly ok: true; readonly outputs: Outputs }
  | { readonly ok: false; readonly refusal: OutputsRefusal };

/** The prefix of a stdout line that sets an output. */
export const outputLinePrefix = '::set-output ';

/** A longer line cannot become an accepted output, so no more of it is kept. */
export const outputLineCharsMax = outputLinePrefix.length + limits.outputKeyChars + 1 + limits.outputValueBytes + 1;

/**
 * Finds `::set-output key=value` lines in a job's stdout, which may arrive in pieces of any size. The line must begin
 * with the prefix; the key ends at the first `=`; the last line with a key wins; lines without a key are skipped. It
 * keeps at most one line and the outputs, however long the stdout is.
 */
export class OutputScanner {
  readonly #outputs = new Map<string, string>();
  #line = '';
  /** The current line cannot be an output, so the rest of it is discarded. */
  #skipping = false;
  #refusal: OutputsRefusal | null = null;

  push(text: string): void {
    let start = 0;
    while (start < text.length) {
      const newline = text.indexOf('\n', start);
      this.#extendLine(text, start, newline < 0 ? text.length : newline);
      if (newline < 0) return;
      this.#endLine();
      start = newline + 1;
    }
  }

  /** Ends the stdout: a last line without a newline counts. */
  end(): OutputsResult {
    this.#endLine();
    if (this.#refusal !== null) return { ok: false, refusal: this.#refusal };
    return checkOutputs(this.#outputs);
  }

  #extendLine(text: string, start: number, end: number): void {
    if (this.#skipping) return;
    const undecided = this.#line.length < outputLinePrefix.length;
    this.#line += text.slice(start, Math.min(end, start + outputLineCharsMax + 1 - this.#line.length));
    if (undecided && !outputLinePrefix.startsWith(this.#line.slice(0, outputLinePrefix.length))) {
      this.#skipping = true;
      this.#line = '';
    }
  }

  #endLine(): void {
    const output = outputOfLine(this.#line);
    this.#line = '';
    this.#skipping = false;
    if (output !== null) this.#store(...output);
  }

  #store(key: string, value: string): void {
    if (this.#refusal !== null) return;
    this.#refusal = checkOutput(key, value);
    if (this.#refusal !== null) return;
    if (!this.#outputs.has(key) && this.#outputs.size >= limits.outputsPerJob) this.#refusal = tooMany();
    else this.#outputs.set(key, value);
  }
}

/** The output that a line of stdout sets; null when it sets none. */
export function outputOfLine(text: string): readonly [key: string, value: string] | null {
  if (!text.startsWith(outputLinePrefix)) return null;
  const line = text.endsWith('\r') ? text.slice(0, -1) : text;
  const equals = line.indexOf('=', outputLinePrefix.length);
  if (equals <= outputLinePrefix.length) return null;
  return [line.slice(outputLinePrefix.length, equals), line.slice(equals + 1)];
}

/** Scans a whole stdout at once. */
export function scanOutputs(stdout: string): OutputsResult {
  const scanner = new OutputScanner();
  scanner.push(stdout);
  return scanner.end();
}

/** Checks outputs against the limits. */
export function checkOutputs(outputs: Outputs): OutputsResult {
  if (outputs.size > limits.outputsPerJob) return { ok: false, refusal: tooMany() };
  let bytes = 0;
  for (const [key, value] of outputs) {
    const refusal = checkOutput(key, value);
    if (refusal !== null) return { ok: false, refusal };
    bytes += utf8Bytes(key) + utf8Bytes(value);
  }
  if (bytes > limits.outputsBytes) return { ok: false, refusal: outputsTooLarge(bytes) };
  return { ok: true, outputs };
}

/** @param bytes their size; absent if they were not counted to the end */
export function outputsTooLarge(bytes: number | null = null): OutputsRefusal {
  const taken = bytes === null ? `more than ${limits.outputsBytes}` : String(bytes);
  const message = `the outputs take ${taken} bytes together; at most ${limits.outputsBytes} are allowed`;
  return { code: 'outputs_too_large', key: null, limit: limits.outputsBytes, message };
}

/** A job's outputs at its completion: reported ones replace scanned ones with the same key. */
export function mergeOutputs(scanned: Outputs, reported: Outputs): OutputsResult {
  if (scanned.size === 0) return checkOutputs(reported);
  return checkOutputs(new Map([...scanned, ...reported]));
}

/**
 * Reads a file in the form of GitHub's `$GITHUB_OUTPUT`: lines `key=value`, and for values of several lines
 * `key<<DELIMITER`, the lines, and the delimiter on a line of its own. Empty lines between are skipped. The error names
 * the line, from 1.
 */
export function parseOutputsFile(
  text: string,
): OutputsResult | { readonly ok: false; readonly refusal: null; readonly message: string; readonly line: number } {
  const outputs = new Map<string, string>();
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (heredoc > 0 && (equals < 0 || heredoc < equals)) {
      const delimiter = line.slice(heredoc + 2);
      const end = delimiter === '' ? -1 : lines.indexOf(delimiter, i + 1);
      if (end < 0) {
        const message =
          delimiter === '' ? 'no delimiter after "<<"' : `the delimiter "${shorten(delimiter)}" does not follow`;
        return { ok: false, refusal: null, message, line: i + 1 };
      }
      outputs.set(line.slice(0, heredoc), lines.slice(i + 1, end).join('\n'));
      i = end;
    } else if (equals > 0) {
      outputs.set(line.slice(0, equals), line.slice(equals + 1));
    } else {
      return { ok: false, refusal: null, message: 'expected "key=value" or "key<<DELIMITER"', line: i + 1 };
    }
  }
  return checkOutputs(outputs);
}

/** Outputs of a JSON object whose values are known to be texts. */
export function outputsFromObject(object: Readonly<Record<string, string>>): Outputs {
  return new Map(Object.entries(object));
}

/** Outputs as an object without a prototype, ready for `JSON.stringify`. */
export function outputsToObject(outputs: Outputs): Record<string, string> {
  const object = bareObject<string>();
  for (const [key, value] of outputs) object[key] = value;
  return object;
}

/** Why an output is refused; null when it is not. */
export function checkOutput(key: string, value: string): OutputsRefusal | null {
  if (key === '') return { code: 'key_missing', key: '', limit: 0, message: 'an output needs a key' };
  if (key.length > limits.outputKeyChars) {
    const message = `the output key "${shorten(key)}" has ${key.length} characters; at most ${limits.outputKeyChars} are allowed`;
    return { code: 'key_too_long', key: shorten(key), limit: limits.outputKeyChars, message };
  }
  if (exceedsBytes(value, limits.outputValueBytes)) {
    const message = `the value of output "${shorten(key)}" takes more than ${limits.outputValueBytes} bytes`;
    return { code: 'value_too_large', key: shorten(key), limit: limits.outputValueBytes, message };
  }
  return null;
}

function tooMany(): OutputsRefusal {
  const message = `more than ${limits.outputsPerJob} outputs`;
  return { code: 'too_many_outputs', key: null, limit: limits.outputsPerJob, message };
}

function shorten(key: string): string {
  return key.length > 40 ? `${key.slice(0, 40)}…` : key;
}
