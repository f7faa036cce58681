import type { Connection } from './connection.js';
import type { DialectRecord } from './dialect.js';

/** A database, opened and migrated. */
export interface Store {
  readonly dialect: DialectRecord;
  /**
   * Runs `work` in one transaction. When the promise is fulfilled the changes are on disk; when it is rejected nothing
   * was changed. Transactions of one store run one after another.
   */
  transact<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Sees only what is committed. For short reads: it may run on the event loop. */
  readonly read: Connection;
  /** Sees only what is committed. For reads that may be long: never on the event loop. */
  readonly longRead: Connection;
  close(): Promise<void>;
}

/** The database cannot be used; the message says why and what to do. */
export class StoreError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
  }
}
