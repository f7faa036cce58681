/** The share of the time that may go into reading. */
const shareMax = 1 / 50;

/** What takes no longer than this is read each time. */
const cheapMs = 20;

/**
 * Something that is read now and then by whoever wants to know, and whose reading costs more the more there is: what was
 * read is given again until fifty times as long as the reading took has passed.
 */
export class SparingRead<T> {
  readonly #read: () => Promise<T>;
  readonly #nowMs: () => number;
  #current: Promise<T> | null = null;
  #validUntilMs = Number.NEGATIVE_INFINITY;

  /** @param nowMs a clock that also runs while something is read */
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
