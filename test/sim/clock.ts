import type { Random } from '../crash/random.js';
import type { World } from './world.js';

/** How far the wall clocks of a server's lives are from the truth. */
const wallErrorMsMax = 120_000;

/**
 * The clock that judges leases. Where one server has the database to itself it is that server's own: the wall's when it
 * starts, but not earlier than what is stored, and monotonic from then on. Where several share it, it is the database's,
 * of which each server knows the time but for a small error.
 */
export class Clock {
  readonly #world: World;
  readonly #isShared: boolean;
  readonly #newestStoredMs: () => number;
  readonly #errorMsMax: () => number;
  #current: () => number;

  constructor(world: World, isShared: boolean, newestStoredMs: () => number, errorMsMax: () => number) {
    this.#world = world;
    this.#isShared = isShared;
    this.#newestStoredMs = newestStoredMs;
    this.#errorMsMax = errorMsMax;
    this.#current = () => world.nowMs;
  }

  /** The time by which the store judges now. */
  databaseNow(): number {
    return this.#isShared ? this.#world.nowMs : this.#current();
  }

  /** The clock of a new life of a server. */
  forServer(random: Random): () => number {
    return this.#isShared ? this.#known(random) : this.#own(random);
  }

  #own(random: Random): () => number {
    const startedMs = this.#world.nowMs;
    const wallMs = startedMs + random.within(-wallErrorMsMax, wallErrorMsMax);
    if (wallMs < this.#newestStoredMs()) this.#world.count('wall clock set back');
    const originMs = Math.max(wallMs, this.#newestStoredMs());
    this.#current = () => originMs + (this.#world.nowMs - startedMs);
    return this.#current;
  }

  #known(random: Random): () => number {
    let last = 0;
    let errorMs = 0;
    let drawnAtMs = Number.NEGATIVE_INFINITY;
    return () => {
      const { nowMs } = this.#world;
      if (nowMs - drawnAtMs > 10_000) {
        drawnAtMs = nowMs;
        errorMs = random.within(-this.#errorMsMax(), this.#errorMsMax());
      }
      last = Math.max(last, nowMs + errorMs);
      return last;
    };
  }
}
