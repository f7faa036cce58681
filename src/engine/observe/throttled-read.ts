/** The share of the time that may go into reading. */
const shareMax = 1 / 50;

/** A read of at most this length is never cached. */
const cheapMs = 20;

/** Caches an expensive read for 50 times as long as it took, so at most 2 % of the time goes into reading. */
export class ThrottledRead<T> {
  readonly #read: () => Promise<T>;
  readonly #nowMs: () => number;
  #current: Promise<T> | null = null;
  #validUntilMs = Number.NEGATIVE_INFINITY;

  /** @param nowMs a clock that also advances during the read */
  constructor(read: () => Promise<T>, nowMs: () => number) {
    this.#read = read;
    this.#nowMs = nowMs;
  }

  /** Errors: the read's own; the next call reads again. */
  get(): Promise<T> {
    const startedAtMs = this.#nowMs();
    if (this.#current !== null && startedAtMs < this.#validUntilMs) return this.#current;
    this.#validUntilMs = Number.POSITIVE_INFINITY;
    this.#current = this.#read().then(
      (value) => {
        const endedAtMs = this.#nowMs();
        const tookMs = endedAtMs - startedAtMs;
        this.#validUntilMs = tookMs <= cheapMs ? endedAtMs : endedAtMs + tookMs / shareMax;
        return value;
      },
      (error: unknown) => {
        this.#current = null;
        throw error;
      },
    );
    return this.#current;
  }
}
