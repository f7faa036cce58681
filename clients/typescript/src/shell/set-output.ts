const PREFIX = '::set-output ';
/** A line that sets an output may be this long; the rest of a longer one is not looked at. */
const LINE_CHARACTERS_MAX = 1024 * 1024;

/** Finds `::set-output key=value` lines in a job's stdout as it comes. The last value of a key counts. */
export class SetOutputScanner {
  readonly outputs: Map<string, string> = new Map();
  #line = '';
  /** The line under way cannot set an output. */
  #skipping = false;

  write(text: string): void {
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.#extend(text.slice(from, end));
      this.#endLine();
      from = end + 1;
    }
    this.#extend(text.slice(from));
  }

  /** The last line may lack its newline. */
  end(): void {
    this.#endLine();
  }

  #extend(text: string): void {
    if (this.#skipping) return;
    this.#line += text;
    const begin = this.#line.slice(0, PREFIX.length);
    if (!PREFIX.startsWith(begin) || this.#line.length > LINE_CHARACTERS_MAX) {
      this.#skipping = true;
      this.#line = '';
    }
  }

  #endLine(): void {
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
    const equals = line.indexOf('=');
    if (line.startsWith(PREFIX) && equals > PREFIX.length) {
      this.outputs.set(line.slice(PREFIX.length, equals), line.slice(equals + 1));
    }
    this.#line = '';
    this.#skipping = false;
  }
}
