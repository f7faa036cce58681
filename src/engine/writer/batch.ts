import type { Connection } from '../../store/connection.js';
import type { AttemptKey } from '../../store/row-keys.js';
import type { RunInfo } from '../memory/run-info.js';
import { BatchChanges } from './batch-changes.js';
import { BatchGates } from './batch-gates.js';
import { BatchMeasures } from './batch-measures.js';
import { BatchWakeups } from './batch-wakeups.js';

/**
 * What the operations of one transaction share: the connection, the time, what they leave for its end, grouped by
 * reader, and what runs after the commit.
 */
export class Batch {
  readonly connection: Connection;
  readonly #askNow: ((connection: Connection) => Promise<number>) | null;
  #nowMs: number;
  readonly changes = new BatchChanges(() => this.#nowMs);
  readonly gates = new BatchGates();
  readonly wakeups = new BatchWakeups();
  readonly measures = new BatchMeasures();
  /** The runs that this batch creates; invisible to others until they are on disk. */
  readonly newRuns = new Map<number, RunInfo>();
  /** Live attempts whose lease this batch reports to a caller as expired. */
  readonly reportedExpired: AttemptKey[] = [];
  readonly afterCommit: (() => void)[] = [];
  /** Undoes caching of rows that were not stored after all. */
  readonly afterRollback: (() => void)[] = [];

  /** @param askNow reads the time where another clock rules: that of a shared database */
  constructor(connection: Connection, nowMs: number, askNow: ((connection: Connection) => Promise<number>) | null) {
    this.connection = connection;
    this.#askNow = askNow;
    this.#nowMs = nowMs;
  }

  /** The time of what the batch writes. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /**
   * Moves the batch to a later time. A batch that waited for another server's lock builds on what that server wrote,
   * and must not seem to come before it.
   */
  notBefore(ms: number): void {
    this.#nowMs = Math.max(this.#nowMs, ms);
  }

  /**
   * Applies a change that may wait for row locks, then moves to the time at which it got them. The time is read in the
   * same round trip. Process clocks drift from the database's: a local timestamp could order an effect before its
   * cause.
   */
  async applyAfterLockWait<T>(change: Promise<readonly T[]>): Promise<readonly T[]> {
    if (this.#askNow === null) return change;
    const [rows, nowMs] = await Promise.all([change, this.#askNow(this.connection)]);
    if (rows.length > 0) this.notBefore(nowMs);
    return rows;
  }
}
