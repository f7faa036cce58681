import { expect } from 'vitest';
import { examine, isBroken } from '../../src/store/doctor/examine.js';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.js';
import { insertJobsOfRuns, insertRuns } from '../../src/store/statements/start-runs.js';
import {
  ensureLabelSets,
  ensureWorkflow,
  finishVersion,
  insertVersion,
  insertVersionEdges,
  insertVersionJobs,
  setCurrentVersion,
} from '../../src/store/statements/workflows.js';
import type { Store } from '../../src/store/store.js';
import { databaseKind, testStorage } from './open-test-store.js';

/** A kind of store that must pass the contract tests. */
export interface ContractStore {
  readonly name: string;
  /** A new, empty store. */
  open(): Promise<OpenedStore>;
}

/** A store that a test changes statement by statement. At the end the doctor checks its content. */
export class OpenedStore {
  readonly store: Store;
  readonly #remove: () => Promise<void>;
  #leaves: readonly string[] = [];

  constructor(store: Store, remove: () => Promise<void>) {
    this.store = store;
    this.#remove = remove;
  }

  /**
   * The test writes only part of what the engine writes in one transaction, so these checks of the doctor must fail.
   * All others must pass.
   */
  leaves(...checks: readonly string[]): void {
    this.#leaves = checks;
  }

  /** Runs the doctor, then removes the store. */
  async end(): Promise<void> {
    try {
      const found = (await examine(this.store.read)).filter(isBroken);
      expect(
        found.map(({ name }) => name).sort(),
        found.map(({ promise, violations }) => `${promise} ${violations.join(', ')}`).join('\n'),
      ).toEqual([...this.#leaves].sort());
    } finally {
      await this.#remove();
    }
  }
}

const fromStorage = async () => {
  const storage = testStorage();
  const store = await storage.open();
  return new OpenedStore(store, async () => {
    await store.close();
    await storage.remove();
  });
};

const inMemory = async () => {
  const store = await openSqliteStore({
    file: ':memory:',
    lock: false,
    onFatal(error) {
      throw error;
    },
    onEvent() {},
  });
  return new OpenedStore(store, () => store.close());
};

/** The stores of the current project. */
export const contractStores: readonly ContractStore[] =
  databaseKind === 'postgres'
    ? [{ name: 'PostgreSQL', open: fromStorage }]
    : [
        { name: 'SQLite in memory', open: inMemory },
        { name: 'SQLite on file', open: fromStorage },
      ];

/** A job of a version, for `defineVersion`. */
export interface JobRow {
  readonly key: string;
  readonly labels?: string;
  readonly priority?: number;
  readonly needs?: readonly number[];
  readonly conditional?: number;
}

/** Stores a version of a workflow with these jobs and makes it the current one. */
export async function defineVersion(
  store: Store,
  id: string,
  jobs: readonly JobRow[],
): Promise<{ workflow: number; version: number }> {
  return store.transact(async (connection) => {
    const labels = [...new Set(jobs.map((job) => job.labels ?? '[]'))];
    await ensureLabelSets.run(connection, { rows: labels.map((text) => ({ labels: text })) });
    const [workflow] = await ensureWorkflow.run(connection, { id, source: 'file', nowMs: 1 });
    const no = workflow?.no ?? 0;
    const [version] = await insertVersion.run(connection, {
      workflow: no,
      hash: `${id} ${jobs.length}`,
      name: id,
      trigger: '',
      jobCount: jobs.length,
      survivorCount: 0,
      conditionalRoots: 0,
      rootLabelSets: '[]',
      startSpec: null,
      nowMs: 1,
    });
    const made = { workflow: no, version: version?.no ?? 0 };
    await insertVersionJobs.run(connection, {
      version: made.version,
      rows: jobs.map((job, ord) => ({
        ord,
        key: job.key,
        labels: job.labels ?? '[]',
        priority: job.priority ?? 0,
        needs: job.needs?.length ?? 0,
        conditional: job.conditional ?? 0,
        spec: JSON.stringify({ key: job.key }),
        children_from: null,
      })),
    });
    await insertVersionEdges.run(connection, {
      version: made.version,
      rows: jobs.flatMap((job, ord) => (job.needs ?? []).map((need) => ({ from_ord: need, to_ord: ord }))),
    });
    await finishVersion.run(connection, { version: made.version });
    await setCurrentVersion.run(connection, made);
    return made;
  });
}

/** Creates a run of a version with its jobs. Returns its number. */
export async function makeRun(
  store: Store,
  { workflow, version }: { workflow: number; version: number },
  jobCount: number,
  more: { id?: string; atMs?: number; request?: string | null; state?: 'queued' | 'creating' } = {},
): Promise<number> {
  const { id = `run-${Math.random()}`, atMs = 10, request = null, state = 'queued' } = more;
  return store.transact(async (connection) => {
    const [run] = await insertRuns.run(connection, {
      rows: [
        {
          id,
          workflow,
          version,
          state,
          inputs: '{}',
          request_hash: request,
          job_count: jobCount,
          created_at_ms: atMs,
          activate_from: state === 'creating' ? 0 : null,
          traceparent: null,
          started_by: null,
          rerun_of: null,
          name: null,
          trigger: 'api',
          schedule: null,
          scheduled_at_ms: null,
          backfill: null,
          vars: null,
          timeout_ms: null,
        },
      ],
    });
    const no = run?.no ?? 0;
    const live = state === 'creating' ? 0 : 1;
    await insertJobsOfRuns.run(connection, {
      rows: [{ run: no, version, from_ord: 0, to_ord: jobCount, live, at_ms: atMs }],
    });
    return no;
  });
}

/** An attempt held by a worker, without its job and its times. */
export const newAttempt = {
  number: 0,
  worker_id: 'w',
  credential: null,
  lease_hash: 'h',
  request_hash: null,
  ttl_ms: 1_000,
  claimed_at_ms: 5,
  timeout_at_ms: null,
  received: 1,
} as const;

/** The change of a running job that succeeds, without its id and end time. */
export const succeeded = {
  state: 'success',
  attempt: 0,
  enqueued_at_ms: null,
  delayed_until_ms: null,
  error: null,
  outputs: null,
  tolerated: 0,
} as const;

/** The change of a running job that fails and waits for its retry, without its id and retry time. */
export const delayed = {
  state: 'delayed',
  attempt: 1,
  ended_at_ms: null,
  enqueued_at_ms: 60,
  delayed_until_ms: null,
  error: 'no',
  outputs: null,
  tolerated: 0,
} as const;
