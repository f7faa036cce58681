const DELAY_MS_MIN = 250;
const DELAY_MS_MAX = 10_000;

/**
 * Delays that double from a quarter of a second to ten seconds, with jitter over the upper half, so that workers do not
 * retry in step.
 */
export class Backoff {
  #attempts = 0;

  reset(): void {
    this.#attempts = 0;
  }

  nextMs(): number {
    const fullMs = Math.min(DELAY_MS_MAX, DELAY_MS_MIN * 2 ** this.#attempts);
    this.#attempts += 1;
    return fullMs * (0.5 + Math.random() / 2);
  }
}
