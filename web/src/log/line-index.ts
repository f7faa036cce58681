export type LogSource = 'stdout' | 'stderr' | 'system';

/** A line of a log, unchanged: escape sequences are still in it. */
export interface LogLine {
  readonly text: string;
  readonly source: LogSource;
  /** The worker's clock. */
  readonly atMs: number;
  /** The escape sequences in force at the start of the line, since colours span lines. */
  readonly style: string;
}

/** A line with its number, as the server returns it. */
export interface NumberedLine {
  readonly number: number;
  readonly text: string;
  readonly source: LogSource;
  readonly atMs: number;
}

/**
 * The lines of one attempt, in the server's order. A line that its stream has not ended continues in that stream's next chunk,
 * even if another stream wrote in between. Numbers begin at 1 and never change.
 *
 * It begins with the number of lines that there are, and gets those that are looked at (`put`) and those that are written
 * (`append`). So a line may be missing: then it is to be read by its number.
 */
export class LineIndex {
  readonly #lines: (LogLine | undefined)[] = [];
  /**
   * The lines that were open and not loaded when the index started. Text appended to them is loaded with them when they
   * end.
   */
  readonly #unread = new Set<number>();
  #begun = 0;
  #missing = 0;
  /** For each stream, the index of its unfinished line. */
  readonly #open = new Map<LogSource, number>();
  readonly #style = new Map<LogSource, string>();
  #characters = 0;

  get count(): number {
    return this.#lines.length;
  }

  /** The total number of characters. */
  get characters(): number {
    return this.#characters;
  }

  /** Whether no line is missing. */
  get isWhole(): boolean {
    return this.#missing === 0 && this.#unread.size === 0;
  }

  /** Sets the number of lines, which of them are open, and some of the lines. */
  begin(count: number, lines: readonly NumberedLine[], open: readonly { source: LogSource; number: number }[]): void {
    this.#begun = count;
    this.#missing = count;
    this.#lines.length = count;
    this.put(lines);
    for (const { source, number } of open) {
      this.#open.set(source, number - 1);
      if (this.#lines[number - 1] === undefined) this.#unread.add(number);
    }
  }

  /**
   * Adds loaded lines, in the order of their numbers. A line that is present is kept, and one that may grow is left
   * out.
   */
  put(lines: readonly NumberedLine[]): void {
    const before = this.#lines[(lines[0]?.number ?? 1) - 2];
    const style = new Map<LogSource, string>();
    if (before !== undefined) style.set(before.source, styleAfter(before.text, before.style));
    for (const { number, text, source, atMs } of lines) {
      const held = this.#lines[number - 1];
      if (held === undefined && number <= this.#begun && !this.#unread.has(number)) {
        this.#lines[number - 1] = { text, source, atMs, style: style.get(source) ?? '' };
        this.#missing -= 1;
        this.#characters += text.length;
      }
      const line = this.#lines[number - 1];
      if (line !== undefined) style.set(source, styleAfter(line.text, line.style));
    }
  }

  /** The first missing line in a range of numbers; null if there is none. */
  firstMissing(from: number, to: number): number | null {
    for (let number = Math.max(1, from); number <= Math.min(to, this.#begun); number++) {
      if (this.#lines[number - 1] === undefined && !this.#unread.has(number)) return number;
    }
    return null;
  }

  line(number: number): LogLine | undefined {
    return this.#lines[number - 1];
  }

  append(data: string, source: LogSource, atMs: number): void {
    if (data === '') return;
    this.#characters += data.length;
    const parts = data.split('\n');
    const last = parts.pop() ?? '';
    for (const part of parts) this.#put(part, source, atMs, true);
    if (last !== '') this.#put(last, source, atMs, false);
  }

  #put(text: string, source: LogSource, atMs: number, ends: boolean): void {
    const open = this.#open.get(source);
    if (open !== undefined && this.#unread.has(open + 1)) {
      if (!ends) return;
      // The line is complete now, so it can be loaded.
      this.#unread.delete(open + 1);
      this.#open.delete(source);
      return;
    }
    const before = open === undefined ? undefined : this.#lines[open];
    const style = before?.style ?? this.#style.get(source) ?? '';
    const whole = { text: before === undefined ? text : before.text + text, source, atMs: before?.atMs ?? atMs, style };
    const at = open ?? this.#lines.length;
    this.#lines[at] = whole;
    if (ends) {
      this.#open.delete(source);
      this.#style.set(source, styleAfter(whole.text, style));
    } else this.#open.set(source, at);
  }

  /** The numbers of the present lines that contain a text; at most `max` of them. */
  search(text: string, max: number, matchCase = false): number[] {
    const wanted = matchCase ? text : text.toLowerCase();
    const found: number[] = [];
    if (wanted === '') return found;
    for (let at = 0; at < this.#lines.length && found.length < max; at++) {
      const line = this.#lines[at]?.text ?? '';
      if ((matchCase ? line : line.toLowerCase()).includes(wanted)) found.push(at + 1);
    }
    return found;
  }
}

const escapeCode = '\u001b';
const selectStyle = new RegExp(`${escapeCode}\\[[\\d;:]*m`, 'g');
/**
 * Sequences as defined by ECMA-48: control, operating-system command (ended by BEL or ST), device control, and short
 * ones.
 */
const anyEscape = new RegExp(
  [
    `${escapeCode}\\[[0-?]*[ -/]*[@-~]`,
    `${escapeCode}\\][^\\u0007${escapeCode}]*(?:\\u0007|${escapeCode}\\\\)?`,
    `${escapeCode}[PX^_][^${escapeCode}]*(?:${escapeCode}\\\\)?`,
    `${escapeCode}[ -/]*[0-~]`,
    escapeCode,
  ].join('|'),
  'g',
);

/** The sequences in force after a text. A reset forgets those before it. */
export function styleAfter(text: string, style: string): string {
  let after = style;
  for (const [sequence] of text.matchAll(selectStyle)) {
    const codes = sequence.slice(2, -1);
    if (/^0*$/.test(codes)) after = '';
    else after = codes.startsWith('0;') ? sequence : after + sequence;
  }
  // A program that never resets: the first sequences have long been overridden.
  return after.length > 200 ? after.slice(after.lastIndexOf('\u001b', after.length - 100)) : after;
}

/** The text that a terminal would show for a line, without any style. */
export function withoutEscapes(text: string): string {
  return overwritten(text.replace(anyEscape, ''));
}

/** Drops every escape sequence that does not select a style. */
export function withStylesOnly(text: string): string {
  return text.replace(anyEscape, (sequence) => (isStyle(sequence) ? sequence : ''));
}

function isStyle(sequence: string): boolean {
  return sequence.startsWith('\u001b[') && sequence.endsWith('m');
}

/** A carriage return restarts the line, as a progress bar does: the last text at a position wins. */
export function overwritten(text: string): string {
  if (!text.includes('\r')) return text;
  let shown = '';
  for (const part of text.split('\r')) shown = part + shown.slice(part.length);
  return shown;
}
