import type { Environment } from '../../src/environment/environment.js';
import { uuidV7 } from '../../src/environment/system-environment.js';

/** An environment with a clock that the test moves and seeded randomness. */
export class HandMovedEnvironment implements Environment {
  #nowMs = Date.UTC(2026, 0, 1);
  #seed: number;
  readonly #timers = new Set<{ atMs: number; callback: () => void }>();

  constructor(seed = 1) {
    this.#seed = seed;
  }

  /** Whole milliseconds, like every clock; timers may fall between two of them. */
  now = () => Math.floor(this.#nowMs);

  random = () => {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return this.#seed / 2 ** 32;
  };

  randomBytes = (size: number) => Uint8Array.from({ length: size }, () => Math.floor(this.random() * 256));

  newId = () => uuidV7(this.#nowMs, this.randomBytes(10));

  nextTurn = (callback: () => void) => void setImmediate(callback);

  after = (delayMs: number, callback: () => void) => {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  /** Moves the clock, fires the timers that fall due on the way, and lets the event loop settle. */
  async advance(ms: number): Promise<void> {
    const end = this.#nowMs + ms;
    for (;;) {
      await settled();
      const [next] = [...this.#timers].filter((timer) => timer.atMs <= end).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = end;
    await settled();
  }

  /** Simulates a stall of the process: the clock moves, and due timers fire late, all at once. */
  async standStill(ms: number): Promise<void> {
    this.skip(ms);
    await this.advance(0);
  }

  /** Like `standStill`, up to the moment before the process resumes. */
  skip(ms: number): void {
    this.#nowMs += ms;
  }
}

let underWay = 0;

/** Marks work as in progress until the promise settles; `settled` waits for it. */
export function noteWork<T>(work: Promise<T>): Promise<T> {
  underWay += 1;
  const done = () => {
    underWay -= 1;
  };
  work.then(done, done);
  return work;
}

/** Runs everything that needs no timer to its end. */
export async function settled(): Promise<void> {
  for (let quiet = 0; quiet < 20; quiet++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (underWay > 0) quiet = 0;
  }
}
