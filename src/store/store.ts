import { DomainError } from '../domain/errors.js';
import type { Connection } from './connection.js';
import type { DialectRecord } from './dialect.js';

/** A database, opened and migrated. */
export interface Store {
  readonly dialect: DialectRecord;
  /**
   * Runs `work` in one transaction. When the promise resolves, the changes are on disk; when it is rejected, nothing
   * was changed, except where `OutcomeUnknown` says otherwise. Transactions of one store run one after another. `work`
   * may run more than once, each time on the current state of the database, so it changes nothing but the database.
   *
   * `databaseNowMs` is the time by the database's clock, which rules where several servers share it; null where the
   * database is in this process, whose clock rules then.
   */
  transact<T>(work: (connection: Connection, databaseNowMs: number | null) => Promise<T>): Promise<T>;
  /** Sees only what is committed. For short reads: it may run on the event loop. */
  readonly read: Connection;
  /** Sees only what is committed. For reads that may be long: never on the event loop. */
  readonly longRead: Connection;
  /** A session of its own for reads that may take minutes, so that no other read waits for them. */
  openReader(): Promise<Reader>;
  /** Null for a database that no other server can use. */
  readonly shared: SharedDatabase | null;
  close(): Promise<void>;
}

/** A read-only session; its opener closes it. */
export interface Reader extends Connection {
  close(): Promise<void>;
}

/** What a database that several servers share offers besides its tables. */
export interface SharedDatabase {
  /** The database's time as far as this process knows it, in Unix milliseconds; it never goes back. */
  now(): number;
  /**
   * The database's time at this point of a transaction: later than anything that was committed before the statements
   * sent until then locked the rows that they change.
   */
  nowIn(connection: Connection): Promise<number>;
  /** When a server last wrote before this one opened the database; null when none ever did. */
  readonly lastWriteMs: number | null;
  /** Longest outage of the database since `forgetAway`; 0 when there was none. */
  awayMs(): number;
  forgetAway(): void;
  /** Bytes that a message may have. */
  readonly messageBytesMax: number;
  /** Notifies the other servers, with the commit of the transaction or at once outside of one. */
  notify(connection: Connection, message: string): void;
  /** Notifies the other servers at once. The message is lost while the database is unavailable. */
  notifyNow(message: string): void;
  /**
   * Calls back with the notifications of other servers. A notification can be lost: callers that depend on it also poll
   * once a second.
   */
  onNotification(callback: (message: string) => void): void;
  /**
   * Calls back after an outage of the database: notifications may have been lost, and it may be another machine's copy.
   */
  onBack(callback: () => void): void;
}

/** The database cannot be used; the message says why and what to do. */
export class StoreError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
  }
}

/** The database did not accept the work for as long as a caller can wait. Nothing was changed. */
export class StoreUnavailable extends DomainError {
  constructor(message: string, cause?: unknown) {
    super('unavailable', message, { cause });
    this.name = 'StoreUnavailable';
  }
}

/** The requested data, or the whole database, cannot be read any more: a retry does not help. */
export class StoreDamaged extends DomainError {
  constructor(message: string, cause?: unknown) {
    super('damaged', message, { cause });
    this.name = 'StoreDamaged';
  }
}

/** Whether the database failed, independent of the request. */
export function isStoreFailure(error: unknown): error is StoreError | StoreUnavailable | StoreDamaged {
  return error instanceof StoreError || error instanceof StoreUnavailable || error instanceof StoreDamaged;
}

/** The connection broke during a commit, and the database did not return in time to be asked for the outcome. */
export class OutcomeUnknown extends StoreUnavailable {
  constructor(cause: unknown) {
    super(
      'The database became unavailable while it stored the change, so the change may be stored or not. Send it again.',
      cause,
    );
    this.name = 'OutcomeUnknown';
  }
}
