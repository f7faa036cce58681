/** Interval of lines without a terminal, in milliseconds. */
const lineEveryMs = 2_000;

/** Shows progress: one changing line on a terminal, a line every few seconds elsewhere. */
export class ProgressLine {
  readonly #out: NodeJS.WriteStream;
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  say(line: string): void {
    if (this.#out.isTTY) {
      this.#out.write(`\r\x1b[K${line}`);
      return;
    }
    const now = performance.now();
    if (now - this.#writtenAt < lineEveryMs) return;
    this.#writtenAt = now;
    this.#out.write(`${line}\n`);
  }

  end(): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K');
  }
}
