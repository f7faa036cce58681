import { DomainError } from '../domain/errors.js';
import type { Environment } from '../environment/environment.js';
import type { Connection } from '../store/connection.js';
import { graceForLiveLeases } from '../store/statements/attempts.js';
import { lockJobs } from '../store/statements/jobs.js';
import { isStoreFailure, type Store, StoreDamaged, StoreUnavailable } from '../store/store.js';
import { Batch } from './batch.js';
import type { Pulse } from './loops/pulse.js';

/**
 * A kind of change, applied to many inputs at once with a fixed number of statements.
 *
 * `apply` answers each input with its result or with the refusal that only this input gets. What it throws sinks the
 * transaction: the writer then runs each half of the batch by itself, and so on, so that only the culprit's caller sees
 * the failure.
 */
export interface Operation<I, R> {
  readonly name: string;
  /** Operations of one batch run in the order of their ranks. */
  readonly rank: number;
  /** Inputs with the same key never share a batch, so that each sees what the one before it did. */
  keyOf(input: I): string | number | null;
  /** The jobs whose attempts an input may change. Where several servers share the database they are locked before. */
  jobsOf?(input: I): readonly number[];
  apply(batch: Batch, inputs: readonly I[]): Promise<readonly (R | DomainError)[]>;
}

interface Entry {
  readonly operation: Operation<unknown, unknown>;
  readonly input: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Why the database takes no change: for now, or because it is damaged. */
type Refusal = StoreUnavailable | StoreDamaged;

/** How many inputs one transaction takes. */
const batchMax = 512;
/** How many may wait. Beyond it the server says that it is overloaded instead of growing. */
const queueMax = 50_000;

/** What a batch does after its operations and before its commit. */
export type BatchEnd = (batch: Batch) => Promise<void>;

/**
 * Group commit. Inputs queue; once per turn of the event loop all that is there is applied in one transaction with one
 * sync, and then all are answered. A busy server pays one sync for many changes, an idle one a single sync of latency.
 */
export class Writer {
  readonly #store: Store;
  readonly #environment: Environment;
  readonly #askNow: ((connection: Connection) => Promise<number>) | null;
  /** Null where other servers renew leases while this one cannot. */
  readonly #pulse: Pulse | null;
  readonly #batchEnd: BatchEnd;
  readonly #onCommitted: (batch: Batch, inputs: number, tookMs: number) => void;
  #queue: Entry[] = [];
  #running = false;
  #idle: (() => void)[] = [];
  #isCommitting = false;
  #afterBatch: (() => void)[] = [];
  /** Since when the database takes no changes, such as on a full disk, and why; null while it does. */
  #refused: { readonly sinceMs: number; readonly error: Refusal } | null = null;

  constructor(
    store: Store,
    environment: Environment,
    pulse: Pulse | null,
    batchEnd: BatchEnd,
    onCommitted: (batch: Batch, inputs: number, tookMs: number) => void,
  ) {
    this.#store = store;
    const { shared } = store;
    this.#askNow = shared === null ? null : (connection) => shared.nowIn(connection);
    this.#environment = environment;
    this.#pulse = pulse;
    this.#batchEnd = batchEnd;
    this.#onCommitted = onCommitted;
  }

  /** Queues one change. Fulfilled after the change is on disk. Errors: `DomainError` when it is refused. */
  submit<I, R>(operation: Operation<I, R>, input: I): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (this.#queue.length >= queueMax) {
        reject(
          new DomainError('unavailable', 'The server is overloaded: too many changes wait for the disk. Try again.'),
        );
        return;
      }
      this.#queue.push({
        operation: operation as Operation<unknown, unknown>,
        input,
        resolve: resolve as (result: unknown) => void,
        reject,
      });
      this.#wake();
    });
  }

  /** How many changes wait. */
  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Runs at once, or when the batch that is under way has ended: where the database is in another process, a batch takes
   * its time, and what it does with a parked claim is not known before.
   */
  betweenBatches(act: () => void): void {
    if (this.#isCommitting) this.#afterBatch.push(act);
    else act();
  }

  /** Fulfilled when nothing waits and nothing runs. */
  drained(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #wake(): void {
    if (this.#running) return;
    this.#running = true;
    this.#environment.nextTurn(() => void this.#run());
  }

  async #run(): Promise<void> {
    const entries = this.#take();
    this.#isCommitting = true;
    await this.#commit(entries);
    this.#isCommitting = false;
    for (const act of this.#afterBatch.splice(0)) act();
    if (this.#queue.length > 0) {
      this.#environment.nextTurn(() => void this.#run());
      return;
    }
    this.#running = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** The next batch: in the order of arrival, leaving for later what must not share it. */
  #take(): Entry[] {
    const taken: Entry[] = [];
    const left: Entry[] = [];
    const keys = new Set<string>();
    for (const entry of this.#queue) {
      const key = entry.operation.keyOf(entry.input);
      const name = key === null ? null : `${entry.operation.name}/${key}`;
      if (taken.length >= batchMax || (name !== null && keys.has(name))) {
        left.push(entry);
        continue;
      }
      if (name !== null) keys.add(name);
      taken.push(entry);
    }
    this.#queue = left;
    return taken;
  }

  /** Why the database took no change the last time that it was given one; null when it did. */
  get refusal(): Refusal | null {
    return this.#refused?.error ?? null;
  }

  /** The first batch after a time in which nobody could renew gives every live lease its full time, before it judges any. */
  async #graceAfterOutage(batch: Batch): Promise<void> {
    if (this.#refused !== null) batch.afterCommit.push(() => this.#forgetRefusals());
    if (!this.#nobodyCouldRenew(batch.nowMs)) return;
    await graceForLiveLeases.run(batch.connection, { nowMs: batch.nowMs });
    batch.afterCommit.push(() => {
      this.#store.shared?.forgetAway();
      this.#pulse?.forget();
    });
  }

  #nobodyCouldRenew(nowMs: number): boolean {
    const { shared } = this.#store;
    if (shared !== null) return shared.awayMs() > tolerableAwayMs;
    if (this.#pulse?.stoodStill() === true) return true;
    return this.#refused !== null && nowMs - this.#refused.sinceMs > tolerableAwayMs;
  }

  #forgetRefusals(): void {
    this.#refused = null;
  }

  async #commit(entries: readonly Entry[]): Promise<void> {
    const startedAt = this.#environment.now();
    let answers: (() => void)[];
    let batch: Batch;
    try {
      [batch, answers] = await this.#store.transact(async (connection, databaseNowMs) => {
        const current = new Batch(connection, databaseNowMs ?? this.#environment.now(), this.#askNow);
        await this.#graceAfterOutage(current);
        if (connection.dialect.hasManyWriters) await lockJobsOf(connection, entries);
        const given = await applyAll(current, entries);
        await this.#batchEnd(current);
        return [current, given] as const;
      });
    } catch (error) {
      if (error instanceof StoreUnavailable || error instanceof StoreDamaged) {
        this.#refused = { sinceMs: this.#refused?.sinceMs ?? startedAt, error };
      }
      if (entries.length === 1 || isStoreFailure(error)) {
        for (const entry of entries) entry.reject(error);
        return;
      }
      const middle = Math.ceil(entries.length / 2);
      await this.#commit(entries.slice(0, middle));
      await this.#commit(entries.slice(middle));
      return;
    }
    for (const act of batch.afterCommit) act();
    for (const answer of answers) answer();
    this.#onCommitted(batch, entries.length, this.#environment.now() - startedAt);
  }
}

/**
 * For how long the database may be away without leases getting their full time again: while it is, nobody can renew one.
 */
const tolerableAwayMs = 1_000;

/** Locks at once, and in one order, every job whose attempts the batch may change; see `lockJobs`. */
async function lockJobsOf(connection: Connection, entries: readonly Entry[]): Promise<void> {
  const jobs = new Set<number>();
  for (const { operation, input } of entries) for (const job of operation.jobsOf?.(input) ?? []) jobs.add(job);
  if (jobs.size > 0) await lockJobs.run(connection, { rows: [...jobs].map((job) => [job]) });
}

async function applyAll(batch: Batch, entries: readonly Entry[]): Promise<(() => void)[]> {
  const groups = new Map<Operation<unknown, unknown>, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.operation);
    if (group === undefined) groups.set(entry.operation, [entry]);
    else group.push(entry);
  }
  const answers: (() => void)[] = [];
  for (const [operation, group] of [...groups].sort(([a], [b]) => a.rank - b.rank)) {
    const results = await operation.apply(
      batch,
      group.map((entry) => entry.input),
    );
    group.forEach((entry, at) => {
      const result = results[at];
      answers.push(result instanceof DomainError ? () => entry.reject(result) : () => entry.resolve(result));
    });
  }
  return answers;
}
