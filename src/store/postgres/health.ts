import type { DatabaseEvent } from '../database-event.js';
import type { Health } from './retry.js';

/** Whether the database answers; reports each change. */
export class DatabaseHealth implements Health {
  readonly #onEvent: (event: DatabaseEvent) => void;
  readonly #onBack: (() => void)[] = [];
  #lostAt: number | null = null;
  #longestAwayMs = 0;

  constructor(onEvent: (event: DatabaseEvent) => void) {
    this.#onEvent = onEvent;
  }

  lost(error: unknown): void {
    if (this.#lostAt !== null) return;
    this.#lostAt = performance.now();
    this.#onEvent({ kind: 'lost', error });
  }

  answered(): void {
    if (this.#lostAt === null) return;
    const awayMs = this.#sinceLost();
    this.#lostAt = null;
    this.#longestAwayMs = Math.max(this.#longestAwayMs, awayMs);
    this.#onEvent({ kind: 'back', awayMs });
    for (const callback of this.#onBack) callback();
  }

  /** The longest outage since `forgetAway`, in milliseconds, including a present one. */
  awayMs(): number {
    return Math.max(this.#longestAwayMs, this.#sinceLost());
  }

  forgetAway(): void {
    this.#longestAwayMs = 0;
  }

  onBack(callback: () => void): void {
    this.#onBack.push(callback);
  }

  #sinceLost(): number {
    return this.#lostAt === null ? 0 : Math.round(performance.now() - this.#lostAt);
  }
}
