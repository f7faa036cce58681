import type { Logger } from 'pino';
import type { Environment } from '../../environment/environment.js';

/** How often it beats. */
const everyMs = 1_000;

/** For how long the process may stand still without leases getting their full time again. */
const tolerableStillMs = 5_000;

/**
 * Notices that this process stood still: it was frozen, its machine slept, or a call to the disk hung. Nobody could renew a
 * lease meanwhile, so that what seems to have run out need not have.
 *
 * It beats while something is due, and remembers when. Whoever is about to judge leases asks it before, since a call can
 * come before the beat that is late.
 */
export class Pulse {
  readonly #environment: Environment;
  readonly #log: Logger;
  /** When it last was seen to run; null while it rests. */
  #lastBeatMs: number | null = null;
  #stoodStill = false;
  #cancelTimer: () => void = () => {};

  constructor(environment: Environment, log: Logger) {
    this.#environment = environment;
    this.#log = log;
  }

  /** Something is due at a time to come: from now on it beats. */
  start(): void {
    if (this.#lastBeatMs !== null) return;
    this.#lastBeatMs = this.#environment.now();
    this.#sleep();
  }

  /** Nothing is due. */
  rest(): void {
    this.#look();
    this.#cancelTimer();
    this.#lastBeatMs = null;
  }

  /** Whether the process stood still since `forget`. */
  stoodStill(): boolean {
    this.#look();
    return this.#stoodStill;
  }

  /** The leases have their time again. */
  forget(): void {
    this.#stoodStill = false;
  }

  #sleep(): void {
    this.#cancelTimer = this.#environment.after(everyMs, () => {
      this.#look();
      this.#sleep();
    });
  }

  #look(): void {
    if (this.#lastBeatMs === null) return;
    const nowMs = this.#environment.now();
    const stillMs = nowMs - this.#lastBeatMs;
    this.#lastBeatMs = nowMs;
    if (stillMs <= tolerableStillMs) return;
    this.#stoodStill = true;
    this.#log.warn({ still_ms: stillMs }, 'this server stood still for a while: live leases get their full time again');
  }
}
