import { expect } from 'vitest';
import { examine, isBroken } from '../../src/store/doctor/examine.js';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.js';
import { insertJobsOfRuns, insertRuns } from '../../src/store/statements/runs.js';
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

/** A kind of store that must keep every promise of the contract. */
export interface ContractStore {
  readonly name: string;
  /** A new, empty store. */
  open(): Promise<OpenedStore>;
}

/** A store that a test works on statement by statement; at its end the doctor looks at what it leaves. */
export class OpenedStore {
  readonly store: Store;
  readonly #remove: () => Promise<void>;
  #leaves: readonly string[] = [];

  constructor(store: Store, remove: () => Promise<void>) {
    this.store = store;
    this.#remove = remove;
  }

  /**
   * The test makes only a part of what the engine makes together, and so leaves what these checks of the doctor find. They
   * must find it, and no other anything.
   */
  leaves(...checks: readonly string[]): void {
    this.#leaves = checks;
  }

  /** Lets the doctor look, then takes the store away. */
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
    tell() {},
  });
  return new OpenedStore(store, () => store.close());
};

/** The stores of the project that runs. */
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

/** Stores a workflow's version with these jobs and makes it the current one. */
export async function defineVersion(
  store: Store,
  id: string,
  jobs: readonly JobRow[],
): Promise<{ workflow: number; version: number }> {
  return store.transact(async (connection) => {
    const labels = [...new Set(jobs.map((job) => job.labels ?? '[]'))];
    await ensureLabelSets.run(connection, { rows: labels.map((text) => [text]) });
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
      nowMs: 1,
    });
    const made = { workflow: no, version: version?.no ?? 0 };
    await insertVersionJobs.run(connection, {
      version: made.version,
      rows: jobs.map((job, ord) => [
        ord,
        job.key,
        job.labels ?? '[]',
        job.priority ?? 0,
        job.needs?.length ?? 0,
        job.conditional ?? 0,
        JSON.stringify({ key: job.key }),
      ]),
    });
    await insertVersionEdges.run(connection, {
      version: made.version,
      rows: jobs.flatMap((job, ord) => (job.needs ?? []).map((need) => [need, ord])),
    });
    await finishVersion.run(connection, { version: made.version });
    await setCurrentVersion.run(connection, made);
    return made;
  });
}

/** Makes a run of a version, with its jobs; returns its number. */
export async function makeRun(
  store: Store,
  { workflow, version }: { workflow: number; version: number },
  jobCount: number,
  more: { id?: string; atMs?: number; request?: string | null; state?: 'queued' | 'creating' } = {},
): Promise<number> {
  const { id = `run-${Math.random()}`, atMs = 10, request = null, state = 'queued' } = more;
  return store.transact(async (connection) => {
    const [run] = await insertRuns.run(connection, {
      rows: [[id, workflow, version, state, '{}', request, jobCount, atMs, state === 'creating' ? 0 : null, null]],
    });
    const no = run?.no ?? 0;
    await insertJobsOfRuns.run(connection, { rows: [[no, version, 0, jobCount, state === 'creating' ? 0 : 1, atMs]] });
    return no;
  });
}
