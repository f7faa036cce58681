import pino from 'pino';
import { createEngine, type EngineOptions, type RunningEngine } from '../../src/engine/create-engine.js';
import type { CancelRun, ClaimedJob, ClaimJobs, Engine, LogChunkView, LogQuery } from '../../src/engine/engine.js';
import type { Store } from '../../src/store/store.js';
import { HandMovedEnvironment } from './hand-moved-environment.js';
import { expectHealthy } from './healthy.js';
import { databaseKind, type TestDatabaseKind, type TestStorage, testStorage } from './open-test-store.js';
import { expectKnownEdges } from './walked-edges.js';
import { watchedStore } from './watched-store.js';

/** All stored chunks of a job's log, with gap markers. */
export async function storedLog(
  engine: Engine,
  id: string,
  jobKey: string,
  more: Partial<LogQuery> = {},
): Promise<LogChunkView[]> {
  const chunks: LogChunkView[] = [];
  const query = { id, jobKey, attempt: null, limit: null, after: '', tail: null, ...more };
  for await (const batch of engine.jobLogs(query)) chunks.push(...batch.chunks);
  return chunks;
}

type FixtureOptions = Pick<EngineOptions, 'logCap'> & {
  readonly around?: (store: Store) => Store;
  readonly copyOf?: EngineFixture | null;
};

/** A real engine on a real database. The test moves its clock. */
export class EngineFixture {
  readonly environment = new HandMovedEnvironment();
  readonly caller = { credential: null };
  readonly #storage: TestStorage;
  #store: Store | null = null;
  #engine: RunningEngine | null = null;
  /** What the engine logged as warnings and errors. */
  readonly warnings: string[] = [];
  #lastWorkflow = 0;

  readonly #options: Pick<EngineOptions, 'logCap'>;
  readonly #around: (store: Store) => Store;

  /**
   * @param kind the kind of database; by default that of the test project
   * @param around wraps the store that the engine sees
   * @param copyOf a stopped fixture whose database and time the new one starts from
   */
  constructor(
    kind: TestDatabaseKind = databaseKind,
    { around = (store: Store) => store, copyOf = null, ...options }: FixtureOptions = {},
  ) {
    this.#storage = testStorage(kind, copyOf === null ? null : copyOf.#storage);
    if (copyOf !== null) this.environment.skip(copyOf.environment.now() - this.environment.now());
    this.#options = options;
    this.#around = around;
  }

  get engine(): RunningEngine {
    if (this.#engine === null) throw new Error('the engine is not started');
    return this.#engine;
  }

  get store(): Store {
    if (this.#store === null) throw new Error('the store is not open');
    return this.#store;
  }

  /** Prepares the content of the database before the engine starts. */
  prepare(statements: string): Promise<void> {
    return this.#storage.prepare(statements);
  }

  async start(): Promise<this> {
    this.#store = watchedStore(this.#around(await this.#storage.open(this.environment.now)));
    this.#engine = await createEngine({
      store: this.#store,
      environment: this.environment,
      log: pino({ level: 'warn' }, { write: (line: string) => this.warnings.push(JSON.parse(line).msg) }),
      reapIntervalMs: 60_000,
      ...this.#options,
    });
    return this;
  }

  async stop(): Promise<void> {
    await this.#engine?.stop();
    await this.#store?.close();
    this.#engine = null;
    this.#store = null;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /**
   * Checks that no invariant of the database is violated and that every state change was permitted, then stops and
   * removes everything.
   */
  async end(): Promise<void> {
    try {
      if (this.#store !== null) {
        await expectHealthy(this.#store.read);
        await expectKnownEdges(this.#store.read);
      }
    } finally {
      await this.stop();
      await this.#storage.remove();
    }
  }

  /** Defines a workflow from YAML and returns its id. */
  async define(yaml: string, id = `wf-${++this.#lastWorkflow}`): Promise<string> {
    await this.engine.define({ id, source: 'file', text: Buffer.from(yaml), format: 'yaml', file: `${id}.yml` });
    return id;
  }

  /** Defines a workflow and starts a run of it. */
  async run(yaml: string, inputs: Record<string, string> = {}): Promise<string> {
    const id = await this.define(yaml);
    return (await this.startRun(id, inputs)).runId;
  }

  startRun(id: string, inputs: Record<string, string> = {}): Promise<{ runId: string }> {
    return this.engine.startRun({ caller: this.caller, id, inputs: new Map(Object.entries(inputs)), requestId: null });
  }

  claimMany(maxJobs: number, more: Partial<ClaimJobs> = {}): Promise<ClaimedJob[]> {
    return this.engine.claimJobs(
      {
        caller: this.caller,
        workerId: 'w1',
        labels: [],
        onlyLabelled: false,
        leaseTtlSecs: 30,
        waitMs: 0,
        requestId: null,
        maxJobs,
        ...more,
      },
      null,
    );
  }

  async claim(more: Partial<ClaimJobs> = {}): Promise<ClaimedJob | null> {
    return (await this.claimMany(1, more))[0] ?? null;
  }

  /** Claims a job and fails if there is none. */
  async claimed(more: Partial<ClaimJobs> = {}): Promise<ClaimedJob> {
    const job = await this.claim(more);
    if (job === null) throw new Error('there was no job to claim');
    return job;
  }

  /** All chunks of a job's log, with gap markers. */
  logOf(id: string, jobKey: string, more: Partial<LogQuery> = {}): Promise<LogChunkView[]> {
    return storedLog(this.engine, id, jobKey, more);
  }

  complete(job: ClaimedJob, outputs: Record<string, string> = {}): Promise<void> {
    return this.engine.completeJob(this.caller, job.leaseId, new Map(Object.entries(outputs)));
  }

  fail(job: ClaimedJob, retryable = false, error = 'it failed', exitCode: number | null = null): Promise<void> {
    return this.engine.failJob(this.caller, job.leaseId, { error, retryable, exitCode });
  }

  cancel(id: string, more: Partial<CancelRun> = {}): Promise<{ runId: string }> {
    return this.engine.cancelRun({ caller: this.caller, id, force: false, requestId: null, ...more });
  }

  /** The documented statuses of a run's jobs, by key. */
  async statuses(id: string): Promise<Record<string, string>> {
    const view = await this.engine.workflowStatus(id);
    return Object.fromEntries(view.jobs.map((job) => [job.key, job.status]));
  }

  async runState(id: string): Promise<string | undefined> {
    return (await this.engine.workflowStatus(id)).run?.state;
  }
}
