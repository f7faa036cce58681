import { DomainError } from '../domain/errors.js';
import type { Connection } from './connection.js';
import type { DialectRecord } from './dialect.js';

/** A database, opened and migrated. */
export interface Store {
  readonly dialect: DialectRecord;
  /**
   * Runs `work` in one transaction. When the promise is fulfilled the changes are on disk; when it is rejected nothing
   * was changed, except where `OutcomeUnknown` says so. Transactions of one store run one after another. `work` may run
   * more than once, each time on what the database then holds, so it changes nothing but the database.
   *
   * `databaseNowMs` is the time by the database's clock, which rules where several servers share it; null where the
   * database is in this process, and the process's own clock rules.
   */
  transact<T>(work: (connection: Connection, databaseNowMs: number | null) => Promise<T>): Promise<T>;
  /** Sees only what is committed. For short reads: it may run on the event loop. */
  readonly read: Connection;
  /** Sees only what is committed. For reads that may be long: never on the event loop. */
  readonly longRead: Connection;
  /** A session of its own for reads that may take minutes, which nobody else's then wait for. */
  openReader(): Promise<Reader>;
  /** Null for a database that no other server can use. */
  readonly shared: SharedDatabase | null;
  close(): Promise<void>;
}

/** A session that only reads; who opened it closes it. */
export interface Reader extends Connection {
  close(): Promise<void>;
}

/** What a database that several servers share gives beside its tables. */
export interface SharedDatabase {
  /** The database's time as far as this process knows it, in Unix milliseconds; it never goes back. */
  now(): number;
  /**
   * The database's time at this point of a transaction: later than anything that was committed before the statements
   * sent until then got the rows that they change.
   */
  nowIn(connection: Connection): Promise<number>;
  /** When a server last wrote something before this one opened the database; null when none ever did. */
  readonly lastWriteMs: number | null;
  /** For how long the database was away, at the longest, since `forgetAway`; 0 when it was not. */
  awayMs(): number;
  forgetAway(): void;
  /** How many bytes a message may have. */
  readonly messageBytesMax: number;
  /** Tells the other servers, with the commit of the transaction or at once when the connection is in none. */
  tell(connection: Connection, message: string): void;
  /** Tells the other servers at once. It is lost when the database is away. */
  tellNow(message: string): void;
  /** Calls back with what other servers tell. A message can be lost: who depends on it looks once a second too. */
  onTold(callback: (message: string) => void): void;
  /** Calls back after the database was away: messages may have been missed, and it may be another machine's copy. */
  onBack(callback: () => void): void;
}

/** The database cannot be used; the message says why and what to do. */
export class StoreError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
  }
}

/** The database did not take the work for as long as a caller can be kept waiting. Nothing was changed. */
export class StoreUnavailable extends DomainError {
  constructor(message: string, cause?: unknown) {
    super('unavailable', message, { cause });
    this.name = 'StoreUnavailable';
  }
}

/** What is asked for, or all of it, cannot be read any more: trying again does not help. */
export class StoreDamaged extends DomainError {
  constructor(message: string, cause?: unknown) {
    super('damaged', message, { cause });
    this.name = 'StoreDamaged';
  }
}

/** Whether it is the database that failed, whatever was asked of it. */
export function isStoreFailure(error: unknown): error is StoreError | StoreUnavailable | StoreDamaged {
  return error instanceof StoreError || error instanceof StoreUnavailable || error instanceof StoreDamaged;
}

/** The connection broke while a commit was under way, and the database did not come back to be asked what became of it. */
export class OutcomeUnknown extends StoreUnavailable {
  constructor(cause: unknown) {
    super(
      'The database went away while the change was being stored, so it may be stored or not. Send it again.',
      cause,
    );
    this.name = 'OutcomeUnknown';
  }
}
