import type { Connection, Row } from '../connection.js';
import { classifyError } from './classify-error.js';
import { postgresDialect } from './postgres-dialect.js';
import type { PostgresSession } from './session.js';

/** A few sessions for reading, each opened on first use. One session runs one statement at a time. */
export class SessionPool implements Connection {
  readonly dialect = postgresDialect;
  readonly #open: () => Promise<PostgresSession>;
  readonly #again: <T>(work: () => Promise<T>) => Promise<T>;
  readonly #idle: PostgresSession[] = [];
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #isClosed = false;

  /**
   * @param sessionsMax most sessions that it opens
   *
   * @param open opens one
   *
   * @param again retries a read until it gets an answer or its time is over
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
      // Includes errors that only a new session cures, such as a statement that was prepared before a migration.
      if (session !== undefined && classifyError(error) === 'lost') await session.close();
      throw error;
    } finally {
      if (session !== undefined) this.#releaseAttempts(session);
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

  #releaseAttempts(session: PostgresSession): void {
    if (session.isLost) return;
    if (this.#isClosed) void session.close();
    else this.#idle.push(session);
  }
}
