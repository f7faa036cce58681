import { randomUUID } from 'node:crypto';
import type { Connection } from '../connection.js';
import { OutcomeUnknown, StoreUnavailable } from '../store.js';
import { classifyError } from './classify-error.js';
import type { DatabaseClock } from './database-clock.js';
import { type Health, withRetries } from './retry.js';
import type { PostgresSession } from './session.js';

/** Unix milliseconds by the database's clock, at this moment and not at the begin of the transaction. */
export const databaseNow = 'cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint)';

const insertMark = `insert into commit_marks (server, number, at_ms)
  values ($1, cast($2 as bigint), coalesce(cast($3 as bigint), ${databaseNow})) returning at_ms`;

/** The time in a mark that replaces one that was never committed. */
const neverMs = -1;

/**
 * Waits for a transaction with the same mark to end, inserts the mark if there is none, and returns its time: `neverMs`
 * when the transaction was not committed. Idempotent, because its own answer may be lost too.
 */
const takeMarkUnlessThere = `insert into commit_marks (server, number, at_ms) values ($1, cast($2 as bigint), ${neverMs})
  on conflict (server, number) do update set at_ms = commit_marks.at_ms returning at_ms`;

const deleteMarks = `delete from commit_marks
  where server = $1 and number < cast($2 as bigint) or at_ms < cast($3 as bigint)`;

/** Transactions after which the marks of earlier ones are deleted. */
const marksKept = 1_000;

/** How long the marks of servers that are gone are kept. */
const markAgeMsMax = 60 * 60_000;

/**
 * The single writing session, and how it makes commits certain.
 *
 * Every transaction begins by inserting a mark, a number that is used once; the same statement returns the database's
 * time. When the connection breaks after COMMIT was sent, its outcome is unknown. A new session then inserts the same
 * mark: PostgreSQL makes it wait while the old transaction lives, and when that has ended, the mark exists or not. If
 * it does not, the transaction was never committed, and with the mark now taken it never can be; the work runs again.
 * The new mark records that it was taken, because the connection may break before the new session has its answer.
 */
export class WriterSession {
  readonly #server = randomUUID();
  readonly #open: () => Promise<PostgresSession>;
  readonly #clock: DatabaseClock;
  readonly #health: Health;
  readonly #statementTimeoutMs: number;
  readonly #now: (() => number) | null;
  #session: PostgresSession | null = null;
  #number = 0;

  /** @param now a clock in place of the database's, for tests */
  constructor(
    open: () => Promise<PostgresSession>,
    clock: DatabaseClock,
    health: Health,
    statementTimeoutMs: number,
    now: (() => number) | null,
  ) {
    this.#open = open;
    this.#clock = clock;
    this.#health = health;
    this.#statementTimeoutMs = statementTimeoutMs;
    this.#now = now;
  }

  /** Runs `work` in a transaction; it may run more than once. Errors: the work's own, `StoreUnavailable`. */
  transact<T>(work: (connection: Connection, databaseNowMs: number) => Promise<T>): Promise<T> {
    return withRetries(() => this.#once(work), this.#health);
  }

  /** Deletes all marks: they tell the next opener of the database whether a server was running until then. */
  async close(): Promise<void> {
    const session = this.#session;
    if (session === null) return;
    if (!session.isLost) await session.query(deleteMarks, [this.#server, this.#number + 1, 0]).catch(() => {});
    await session.close();
  }

  async #once<T>(work: (connection: Connection, databaseNowMs: number) => Promise<T>): Promise<T> {
    const session = await this.#ready();
    const number = ++this.#number;
    let result: T;
    try {
      result = await work(session, await this.#begin(session, number));
    } catch (error) {
      throw await this.#abandon(session, error);
    }
    let done: string;
    try {
      done = await session.command('commit');
    } catch (error) {
      if (classifyError(error) !== 'lost') throw error;
      void session.close();
      this.#health.lost(error);
      if (await this.#wasCommitted(number, error)) return result;
      throw error;
    }
    // An aborted transaction is rolled back without an error.
    if (done !== 'COMMIT') throw this.#firstFailure(session, new Error('the transaction was rolled back'));
    return result;
  }

  async #ready(): Promise<PostgresSession> {
    if (this.#session === null || this.#session.isLost) this.#session = await this.#open();
    this.#session.forgetFailure();
    return this.#session;
  }

  async #begin(session: PostgresSession, number: number): Promise<number> {
    const askedAt = this.#clock.asked();
    const begun = session.command(
      session.isPooled ? `begin; ${session.settingsText(this.#statementTimeoutMs, true)}` : 'begin',
    );
    begun.catch(() => {});
    const [row] = await session.query(insertMark, [this.#server, number, this.#now?.() ?? null]);
    const nowMs = row?.at_ms as number;
    this.#clock.answered(askedAt, nowMs);
    if (number % marksKept === 0) session.execute(deleteMarks, [this.#server, number, nowMs - markAgeMsMax]);
    return nowMs;
  }

  /** Ends a failed transaction; returns the failure that came first. */
  async #abandon(session: PostgresSession, error: unknown): Promise<unknown> {
    const failure = this.#firstFailure(session, error);
    try {
      // Some errors only a new session cures, such as a statement that was prepared before a migration.
      if (classifyError(failure) === 'lost') await session.close();
      else await session.command('rollback');
    } catch {
      await session.close();
    }
    return failure;
  }

  #firstFailure(session: PostgresSession, error: unknown): unknown {
    return session.failure ?? error;
  }

  async #wasCommitted(number: number, broken: unknown): Promise<boolean> {
    try {
      const [mark] = await withRetries(async () => {
        const session = await this.#ready();
        return session.query(takeMarkUnlessThere, [this.#server, number]);
      }, this.#health);
      return mark?.at_ms !== neverMs;
    } catch (error) {
      if (error instanceof StoreUnavailable) throw new OutcomeUnknown(broken);
      throw error;
    }
  }
}
