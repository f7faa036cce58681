/** Age of a reading from which a worse one replaces it. */
const readingMsMax = 10_000;

/**
 * The database's clock, as far as this process knows it: its own monotonic clock, moved by what transactions read. The
 * error is at most half of the quickest round trip of the last seconds.
 */
export class DatabaseClock {
  readonly #monotonic: () => number;
  #offsetMs = 0;
  #errorMs = Number.POSITIVE_INFINITY;
  #readAt = 0;
  #last = 0;

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** The time at which a question is sent; passed back with the answer. */
  asked(): number {
    return this.#monotonic();
  }

  answered(askedAt: number, databaseMs: number): void {
    const now = this.#monotonic();
    const errorMs = (now - askedAt) / 2;
    if (errorMs > this.#errorMs && now - this.#readAt < readingMsMax) return;
    this.#offsetMs = databaseMs - (askedAt + now) / 2;
    this.#errorMs = errorMs;
    this.#readAt = now;
  }

  now(): number {
    this.#last = Math.max(this.#last, Math.floor(this.#monotonic() + this.#offsetMs));
    return this.#last;
  }
}
