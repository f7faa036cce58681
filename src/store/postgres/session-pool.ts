import type { Connection, Row } from '../connection.js';
import { judge } from './judge.js';
import { postgresDialect } from './postgres-dialect.js';
import type { PostgresSession } from './session.js';

/** A few sessions for reading, each opened when it is first needed. One session runs one statement at a time. */
export class SessionPool implements Connection {
  readonly dialect = postgresDialect;
  readonly #open: () => Promise<PostgresSession>;
  readonly #again: <T>(work: () => Promise<T>) => Promise<T>;
  readonly #idle: PostgresSession[] = [];
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #isClosed = false;

  /**
   * @param sessionsMax how many sessions it opens at the most
   * @param open opens one
   * @param again runs a read until it gets an answer or the patience for it ends
   */
  constructor(
    sessionsMax: number,
    open: () => Promise<PostgresSession>,
    again: <T>(work: () => Promise<T>) => Promise<T>,
  ) {
    this.#free = sessionsMax;
    this.#open = open;
    this.#again = again;
  }

  query(sql: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
    return this.#again(() => this.#once((session) => session.query(sql, parameters)));
  }

  /** A pool has no order of statements. */
  execute(): never {
    throw new Error('these sessions read only');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#idle.splice(0).map((session) => session.close()));
  }

  async #once<T>(work: (session: PostgresSession) => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let session: PostgresSession | undefined;
    try {
      session = this.#takeIdle() ?? (await this.#open());
      return await work(session);
    } catch (error) {
      // Among them what only a new session gets over, such as a statement that was prepared before a migration.
      if (session !== undefined && judge(error) === 'lost') await session.close();
      throw error;
    } finally {
      if (session !== undefined) this.#giveBack(session);
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  #takeIdle(): PostgresSession | undefined {
    for (;;) {
      const session = this.#idle.pop();
      if (session === undefined || !session.isLost) return session;
    }
  }

  #giveBack(session: PostgresSession): void {
    if (session.isLost) return;
    if (this.#isClosed) void session.close();
    else this.#idle.push(session);
  }
}
