import { limits, utf8Bytes } from './limits.js';
import { checkOutput, outputLineCharsMax, outputLinePrefix, outputOfLine } from './outputs.js';

/**
 * Shortens stdout to what a scan for outputs needs: scanned in place of the text, between what came before and what
 * comes after, the shortened text gives the same outputs. It keeps the last line of each output, the rest of a line
 * that began before, and the beginning of a line that continues after. It can be shortened again with more text after
 * it.
 */
export class OutputLines {
  /** The text up to the first line end: it may belong to a line that began before. */
  #first = '';
  #hasLineEnd = false;
  readonly #lines = new Map<string, string>();
  #refusedLine = '';
  #bytes = 0;
  /** The line that has not ended. */
  #rest = '';

  push(text: string): void {
    let start = 0;
    while (start <= text.length) {
      const lineEnd = text.indexOf('\n', start);
      const piece = text.slice(start, lineEnd === -1 ? text.length : lineEnd);
      if (!this.#hasLineEnd) this.#first = beginningOf(this.#first + piece);
      else this.#rest = shortened(this.#rest + piece);
      if (lineEnd === -1) return;
      if (this.#hasLineEnd) this.#endLine();
      this.#hasLineEnd = true;
      start = lineEnd + 1;
    }
  }

  /** The shortened text; null when its outputs exceed the limits of a job. */
  text(): string | null {
    if (this.#bytes > limits.outputsBytes) return null;
    if (!this.#hasLineEnd) return this.#first;
    const lines = [this.#refusedLine, ...this.#lines.values()].filter((line) => line !== '');
    return [this.#first, ...lines, this.#rest].join('\n');
  }

  #endLine(): void {
    const line = this.#rest;
    this.#rest = '';
    const output = outputOfLine(line);
    if (output === null) return;
    const [key, value] = output;
    if (checkOutput(key, value) !== null) {
      this.#refusedLine ||= line;
      return;
    }
    const before = this.#lines.get(key);
    // One output more than the limit is enough for the scan to refuse them.
    if (before === undefined && this.#lines.size > limits.outputsPerJob) return;
    this.#bytes += bytesOf(line) - bytesOf(before ?? '');
    this.#lines.set(key, line);
  }
}

function bytesOf(line: string): number {
  return Math.max(0, utf8Bytes(line) - outputLinePrefix.length - 1);
}

/** The part of a line that can matter: more makes an output too large, and it is refused. */
function beginningOf(line: string): string {
  return line.slice(0, outputLineCharsMax + 1);
}

/** A few characters of a line that is no output are enough to recognize that. */
function shortened(line: string): string {
  return line.startsWith(outputLinePrefix) ? beginningOf(line) : line.slice(0, outputLinePrefix.length);
}
