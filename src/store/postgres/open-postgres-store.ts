import { hostname } from 'node:os';
import type { Connection } from '../connection.js';
import { refuseHalfCopied } from '../copy/copy-progress.js';
import type { DatabaseEvent } from '../database-event.js';
import { type MigrationDone, migrateToLatest } from '../migrate.js';
import { type Reader, type SharedDatabase, type Store, StoreError } from '../store.js';
import { refuseUnsafeDurability } from './check-durability.js';
import { classifyError } from './classify-error.js';
import { DatabaseClock } from './database-clock.js';
import { databaseName } from './database-name.js';
import { DatabaseHealth } from './health.js';
import { FirstOf } from './hosts.js';
import { messageBytesMax, Notifications } from './notifications.js';
import { postgresDialect } from './postgres-dialect.js';
import { withRetries } from './retry.js';
import { PostgresSession } from './session.js';
import { SessionPool } from './session-pool.js';
import { databaseNow, WriterSession } from './writer-session.js';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database?sslmode=…`, with several hosts where any may be the primary. */
  readonly url: string;
  /** Where to listen, when `url` names a pooler that does not pass notifications on; else null. */
  readonly listenUrl: string | null;
  /** Accept a database that acknowledges commits before they are on its disk. */
  readonly insecureDurability: boolean;
  /** Whether to listen to other servers. A command that only reads, or adds a token, does not. */
  readonly listen: boolean;
  /** Called when the database becomes unavailable and when it is available again. */
  readonly onEvent: (event: DatabaseEvent) => void;
  /** A clock in place of the database's, for tests. */
  readonly now?: () => number;
}

/** Timeouts of a short statement, a long read, a read in a session of its own, and of connecting. */
const statementTimeoutMs = 30_000;
const longReadTimeoutMs = 120_000;
const readerTimeoutMs = 600_000;
const connectTimeoutMs = 5_000;

/** Sessions for reading. With the writer and the listener that makes seven for each server. */
const readSessions = 3;
const longReadSessions = 2;

const timeNow = `select ${databaseNow} as now_ms`;

/** Opens and migrates a PostgreSQL database. Errors: `StoreError` with the reason and the way out. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const clock = new DatabaseClock();
  const { lastWriteMs } = await prepare(options, clock);
  const health = new DatabaseHealth(options.onEvent);
  const open = opener(options);
  const notifications = new Notifications(open('listen', statementTimeoutMs, options.listenUrl ?? options.url), health);
  try {
    if (options.listen && !(await notifications.start())) options.onEvent({ kind: 'unheard' });
  } catch (error) {
    throw explained(options.url, error);
  }
  return new PostgresStore(options, open, health, notifications, clock, lastWriteMs);
}

/** Brings a database up to date. Errors: `StoreError`. */
export async function migratePostgres(url: string): Promise<MigrationDone[]> {
  return (await prepare({ url, insecureDurability: true }, new DatabaseClock())).migrations;
}

async function prepare(
  options: Pick<PostgresStoreOptions, 'url' | 'insecureDurability'>,
  clock: DatabaseClock,
): Promise<{ migrations: MigrationDone[]; lastWriteMs: number | null }> {
  let session: PostgresSession;
  try {
    session = await opener(options)('migrate', 0, options.url)();
  } catch (error) {
    throw explained(options.url, error);
  }
  try {
    if (!options.insecureDurability) await refuseUnsafeDurability(session);
    const migrations = await migrateToLatest(session);
    await refuseHalfCopied(session);
    const askedAt = clock.asked();
    const [row] = await session.query(
      `select ${databaseNow} as now_ms, (select max(at_ms) from commit_marks) as last_write_ms`,
      [],
    );
    clock.answered(askedAt, row?.now_ms as number);
    return { migrations, lastWriteMs: row?.last_write_ms as number | null };
  } finally {
    await session.close();
  }
}

function opener(options: Pick<PostgresStoreOptions, 'url'>) {
  return (purpose: string, timeoutMs: number, urls: string = options.url) => {
    const databases = new FirstOf<PostgresSession>(urls);
    return () =>
      databases.open((url) =>
        PostgresSession.open({
          url,
          applicationName: `workflow-graph ${hostname()}:${process.pid} ${purpose}`.slice(0, 63),
          statementTimeoutMs: timeoutMs,
          connectTimeoutMs,
        }),
      );
  };
}

class PostgresStore implements Store {
  readonly dialect = postgresDialect;
  readonly read: SessionPool;
  readonly longRead: SessionPool;
  readonly shared: SharedDatabase;
  readonly #writer: WriterSession;
  readonly #notifications: Notifications;
  readonly #open: ReturnType<typeof opener>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    options: PostgresStoreOptions,
    open: ReturnType<typeof opener>,
    health: DatabaseHealth,
    notifications: Notifications,
    clock: DatabaseClock,
    lastWriteMs: number | null,
  ) {
    this.#notifications = notifications;
    this.#open = open;
    const now = options.now ?? null;
    this.#writer = new WriterSession(open('write', statementTimeoutMs), clock, health, statementTimeoutMs, now);
    const retrying = <T>(work: () => Promise<T>) => withRetries(work, health);
    this.read = new SessionPool(readSessions, open('read', statementTimeoutMs), retrying);
    this.longRead = new SessionPool(longReadSessions, open('long-read', longReadTimeoutMs), retrying);
    this.shared = {
      now: now ?? (() => clock.now()),
      nowIn: async (connection) => now?.() ?? ((await connection.query(timeNow, []))[0]?.now_ms as number),
      lastWriteMs,
      awayMs: () => health.awayMs(),
      forgetAway: () => health.forgetAway(),
      messageBytesMax,
      notify: (connection, message) => notifications.notify(connection, message),
      notifyNow: (message) => notifications.notifyNow(message),
      onNotification: (callback) => notifications.onNotification(callback),
      onBack(callback) {
        health.onBack(callback);
        notifications.onRestored(callback);
      },
    };
  }

  transact<T>(work: (connection: Connection, databaseNowMs: number | null) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#writer.transact(work));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async openReader(): Promise<Reader> {
    const session = await this.#open('reader', readerTimeoutMs)();
    await session.readWholeTables(readerTimeoutMs);
    return session;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#notifications.close();
    await this.#writer.close();
    await this.read.close();
    await this.longRead.close();
  }
}

function explained(url: string, error: unknown): StoreError {
  const { code = '', message } = error as { code?: string; message: string };
  const name = databaseName(url);
  if (code === '28P01' || code === '28000') {
    return new StoreError(`PostgreSQL at ${name} refuses the user or password of DATABASE_URL (${message}).`, error);
  }
  if (code === '3D000') {
    return new StoreError(`${message} at ${name}. Create it first: createdb, or "create database".`, error);
  }
  if (classifyError(error) === 'lost') {
    return new StoreError(`PostgreSQL at ${name} cannot be reached (${message || code}). Is it running?`, error);
  }
  return new StoreError(`PostgreSQL at ${name} cannot be used: ${message}`, error);
}
