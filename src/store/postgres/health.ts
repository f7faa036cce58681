import type { Health } from './patience.js';

/** What happens to the connection with the database, for the log. */
export type DatabaseNews =
  | { readonly kind: 'lost'; readonly error: unknown }
  | { readonly kind: 'back'; readonly awayMs: number }
  | { readonly kind: 'unheard' };

/** Whether the database answers, told at each change. */
export class DatabaseHealth implements Health {
  readonly #tell: (news: DatabaseNews) => void;
  readonly #onBack: (() => void)[] = [];
  #lostAt: number | null = null;

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
    const awayMs = Math.round(performance.now() - this.#lostAt);
    this.#lostAt = null;
    this.#tell({ kind: 'back', awayMs });
    for (const callback of this.#onBack) callback();
  }

  onBack(callback: () => void): void {
    this.#onBack.push(callback);
  }
}
