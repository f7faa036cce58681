import type { DatabaseNews } from '../database-news.js';
import type { Health } from './patience.js';

/** Whether the database answers, told at each change. */
export class DatabaseHealth implements Health {
  readonly #tell: (news: DatabaseNews) => void;
  readonly #onBack: (() => void)[] = [];
  #lostAt: number | null = null;
  #longestAwayMs = 0;

  constructor(tell: (news: DatabaseNews) => void) {
    this.#tell = tell;
  }

  lost(error: unknown): void {
    if (this.#lostAt !== null) return;
    this.#lostAt = performance.now();
    this.#tell({ kind: 'lost', error });
  }

  answered(): void {
    if (this.#lostAt === null) return;
    const awayMs = this.#sinceLost();
    this.#lostAt = null;
    this.#longestAwayMs = Math.max(this.#longestAwayMs, awayMs);
    this.#tell({ kind: 'back', awayMs });
    for (const callback of this.#onBack) callback();
  }

  /** The longest that it was away since `forgetAway`, in milliseconds, up to now if it still is. */
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
