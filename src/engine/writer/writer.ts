import { DomainError } from '../../domain/errors.js';
import type { Environment } from '../../environment/environment.js';
import type { Connection } from '../../store/connection.js';
import { graceForLiveLeases } from '../../store/statements/attempts.js';
import { lockJobs } from '../../store/statements/jobs.js';
import { isStoreFailure, type Store, StoreDamaged, StoreUnavailable } from '../../store/store.js';
import { Batch } from './batch.js';
import { writerLimits } from './limits.js';
import { type OperationName, placeOf } from './operation-order.js';
import type { StallDetector } from './stall-detector.js';

/**
 * A kind of change, applied to many inputs at once with a fixed number of statements.
 *
 * `apply` answers each input with its result, or with a refusal of this input alone. If it throws, the transaction
 * fails: the writer then runs each half of the batch by itself, and so on, until only the culprit's caller sees the
 * failure.
 */
export interface Operation<I, R> {
  /** Decides its position in a batch: `operation-order.ts`. */
  readonly name: OperationName;
  /** Inputs with the same key never share a batch, so each sees the changes of the one before. */
  keyOf(input: I): string | number | null;
  /** The jobs whose attempts an input may change. They are locked first where several servers share the database. */
  jobsOf?(input: I): readonly number[];
  apply(batch: Batch, inputs: readonly I[]): Promise<readonly (R | DomainError)[]>;
}

interface Entry {
  readonly operation: Operation<unknown, unknown>;
  readonly input: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Why the database takes no changes: a passing condition, or damage. */
type Refusal = StoreUnavailable | StoreDamaged;

/** What surrounds the operations of each batch. Its parts submit changes themselves, so it is attached after them. */
export interface BatchEnds {
  /** After the operations and before the commit. */
  finish(batch: Batch): Promise<void>;
  /** After the commit, when the callers have their results. */
  committed(batch: Batch, inputs: number, tookMs: number): void;
}

export interface WriterOptions {
  readonly store: Store;
  readonly environment: Environment;
  /** Null where other servers renew leases while this one cannot. */
  readonly stallDetector: StallDetector | null;
  readonly stopGraceMs: number;
}

/**
 * Group commit. Inputs queue. Once per turn of the event loop one transaction with one sync applies all of them, and
 * then all callers are answered. A busy server pays one sync for many changes, an idle one a single sync of latency.
 */
export class Writer {
  readonly #store: Store;
  readonly #environment: Environment;
  readonly #askNow: ((connection: Connection) => Promise<number>) | null;
  readonly #stallDetector: StallDetector | null;
  readonly #stopGraceMs: number;
  #ends: BatchEnds | null = null;
  #queue: Entry[] = [];
  #running = false;
  #idle: (() => void)[] = [];
  #isCommitting = false;
  #afterBatch: (() => void)[] = [];
  /**
   * Since when and why the database takes no changes, for example because the disk is full; null while it takes them.
   */
  #refused: { readonly sinceMs: number; readonly error: Refusal } | null = null;

  constructor({ store, environment, stallDetector, stopGraceMs }: WriterOptions) {
    this.#store = store;
    const { shared } = store;
    this.#askNow = shared === null ? null : (connection) => shared.nowIn(connection);
    this.#environment = environment;
    this.#stallDetector = stallDetector;
    this.#stopGraceMs = stopGraceMs;
  }

  /** Once, before the first batch. */
  attach(ends: BatchEnds): void {
    this.#ends = ends;
  }

  /** Queues one change. Resolves when the change is on disk. Errors: `DomainError` when it is refused. */
  submit<I, R>(operation: Operation<I, R>, input: I): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (this.#queue.length >= writerLimits.queuedInputs) {
        reject(
          new DomainError(
            'unavailable',
            'The server is overloaded: too many changes are waiting to be written. Try again.',
          ),
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

  /** Number of changes that wait. */
  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Runs at once, or after the current batch: with a database in another process a batch takes time, and the fate of a
   * parked claim is unknown until it ends.
   */
  betweenBatches(act: () => void): void {
    if (this.#isCommitting) this.#afterBatch.push(act);
    else act();
  }

  /** Resolves when nothing waits and nothing runs. */
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

  /**
   * Takes the next batch in the order of arrival and leaves what must not share it. An input that is left holds back
   * all later inputs about the same job: a report must not overtake the logs that its worker sent before.
   */
  #take(): Entry[] {
    const taken: Entry[] = [];
    const left: Entry[] = [];
    const keys = new Set<string>();
    const heldBack = new Set<number>();
    for (const entry of this.#queue) {
      if (taken.length >= writerLimits.batchInputs) {
        left.push(entry);
        continue;
      }
      const key = entry.operation.keyOf(entry.input);
      const name = key === null ? null : `${entry.operation.name}/${key}`;
      if ((name !== null && keys.has(name)) || isAboutAny(entry, heldBack)) {
        left.push(entry);
        for (const job of jobsOf(entry)) heldBack.add(job);
        continue;
      }
      if (name !== null) keys.add(name);
      taken.push(entry);
    }
    this.#queue = left;
    return taken;
  }

  /** Why the database refused the last change; null when it took it. */
  get refusal(): Refusal | null {
    return this.#refused?.error ?? null;
  }

  /**
   * Extends every live lease in the first batch after an outage, before any lease is judged: nobody could renew during
   * it.
   */
  async #graceAfterOutage(batch: Batch): Promise<void> {
    if (this.#refused !== null) batch.afterCommit.push(() => this.#forgetRefusals());
    if (!this.#nobodyCouldRenew(batch.nowMs)) return;
    await graceForLiveLeases.run(batch.connection, { nowMs: batch.nowMs, stopGraceMs: this.#stopGraceMs });
    batch.afterCommit.push(() => {
      this.#store.shared?.forgetAway();
      this.#stallDetector?.forget();
    });
  }

  #nobodyCouldRenew(nowMs: number): boolean {
    const { shared } = this.#store;
    if (shared !== null) return shared.awayMs() > outageToleranceMs;
    if (this.#stallDetector?.hasStalled() === true) return true;
    return this.#refused !== null && nowMs - this.#refused.sinceMs > outageToleranceMs;
  }

  #forgetRefusals(): void {
    this.#refused = null;
  }

  async #commit(entries: readonly Entry[]): Promise<void> {
    const startedAt = this.#environment.now();
    const ends = this.#ends;
    if (ends === null) throw new Error('a change was submitted before the writer was ready');
    let answers: (() => void)[];
    let batch: Batch;
    let tried: Batch | null = null;
    const rollBack = (): void => {
      for (const act of tried?.afterRollback.splice(0) ?? []) act();
    };
    try {
      [batch, answers] = await this.#store.transact(async (connection, databaseNowMs) => {
        rollBack();
        const current = new Batch(connection, databaseNowMs ?? this.#environment.now(), this.#askNow);
        tried = current;
        await this.#graceAfterOutage(current);
        if (connection.dialect.hasManyWriters) await lockJobsOf(connection, entries);
        const given = await applyAll(current, entries);
        await ends.finish(current);
        return [current, given] as const;
      });
    } catch (error) {
      rollBack();
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
    ends.committed(batch, entries.length, this.#environment.now() - startedAt);
  }
}

/** Longest outage of the database after which leases are not extended; during it nobody can renew one. */
const outageToleranceMs = 1_000;

function jobsOf({ operation, input }: Entry): readonly number[] {
  return operation.jobsOf?.(input) ?? [];
}

function isAboutAny(entry: Entry, jobs: ReadonlySet<number>): boolean {
  return jobs.size > 0 && jobsOf(entry).some((job) => jobs.has(job));
}

/** Locks, at once and in one order, every job whose attempts the batch may change; see `lockJobs`. */
async function lockJobsOf(connection: Connection, entries: readonly Entry[]): Promise<void> {
  const jobs = new Set<number>();
  for (const entry of entries) for (const job of jobsOf(entry)) jobs.add(job);
  if (jobs.size > 0) await lockJobs.run(connection, { rows: [...jobs].map((id) => ({ id })) });
}

async function applyAll(batch: Batch, entries: readonly Entry[]): Promise<(() => void)[]> {
  const groups = new Map<Operation<unknown, unknown>, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.operation);
    if (group === undefined) groups.set(entry.operation, [entry]);
    else group.push(entry);
  }
  const answers: (() => void)[] = [];
  for (const [operation, group] of [...groups].sort(([a], [b]) => placeOf(a.name) - placeOf(b.name))) {
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
