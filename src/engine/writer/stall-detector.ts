import type { Logger } from 'pino';
import type { Environment } from '../../environment/environment.js';

/** Interval of the beat. */
const everyMs = 1_000;

/** Longest stall after which leases are not extended. */
const stallToleranceMs = 5_000;

/**
 * Detects that this process stalled: it was frozen, its machine slept, or a disk call hung. Nobody could renew a lease
 * during the stall, so a lease that seems expired may not be.
 *
 * It beats while something is due. Code that is about to judge leases asks it first, because a call can arrive before
 * the late beat.
 */
export class StallDetector {
  readonly #environment: Environment;
  readonly #log: Logger;
  /** When the process was last seen to run; null while nothing is due. */
  #lastBeatMs: number | null = null;
  #hasStalled = false;
  #cancelTimer: () => void = () => {};

  constructor(environment: Environment, log: Logger) {
    this.#environment = environment;
    this.#log = log;
  }

  /** Starts the beat: something is due. */
  start(): void {
    if (this.#lastBeatMs !== null) return;
    this.#lastBeatMs = this.#environment.now();
    this.#sleep();
  }

  /** Stops the beat: nothing is due. */
  rest(): void {
    this.#look();
    this.#cancelTimer();
    this.#lastBeatMs = null;
  }

  /** Whether the process stalled since `forget`. */
  hasStalled(): boolean {
    this.#look();
    return this.#hasStalled;
  }

  /** Forgets the stall: the leases are extended. */
  forget(): void {
    this.#hasStalled = false;
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
    const stalledMs = nowMs - this.#lastBeatMs;
    this.#lastBeatMs = nowMs;
    if (stalledMs <= stallToleranceMs) return;
    this.#hasStalled = true;
    this.#log.warn({ still_ms: stalledMs }, 'process stalled: all live leases extended by their full TTL');
  }
}
