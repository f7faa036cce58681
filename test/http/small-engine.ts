import { DomainError, leaseRefused, notFound } from '../../src/domain/errors.js';
import type {
  AuditPage,
  AuditQuery,
  ClaimedJob,
  ClaimJobs,
  CreateWorkflow,
  Engine,
  JobSpec,
  JobView,
  LogBatch,
  LogChunkView,
  LogQuery,
  NewLogChunk,
  Patience,
  RegisterWorker,
  RunView,
  StartRun,
  WorkerView,
  WorkflowView,
} from '../../src/engine/engine.js';
import type { JobExplanation } from '../../src/engine/why-job.js';

/**
 * An engine for the tests of the edges: small, in memory, with the behaviour that the edges can tell apart. It keeps what
 * it was given, so that a test sees what travelled inwards. What the engine itself promises is tested elsewhere.
 */
export class SmallEngine implements Engine {
  readonly calls: { readonly verb: string; readonly input: unknown }[] = [];
  readonly released: string[] = [];
  /** Jobs that the next claims get, in order. */
  readonly claimable: ClaimedJob[] = [];
  readonly workflows = new Map<string, WorkflowView>();
  readonly workers = new Map<string, RegisterWorker>();
  readonly chunks: LogChunkView[] = [];
  /** Thrown by `workflowStatus` when set. */
  bug: unknown = null;
  isReady = true;
  #parked: { take: () => void }[] = [];
  #followers: (() => void)[] = [];
  #ended = false;

  /** Makes a job claimable, also for a claim that waits. */
  offer(job: ClaimedJob): void {
    this.claimable.push(job);
    this.#parked.shift()?.take();
  }

  /** How many claims wait. */
  get parked(): number {
    return this.#parked.length;
  }

  get followers(): number {
    return this.#followers.length;
  }

  append(chunk: Omit<LogChunkView, 'runId' | 'jobKey'>): void {
    this.chunks.push({ runId: 'run-1', jobKey: 'build', ...chunk });
    this.#wakeFollowers();
  }

  endLog(): void {
    this.#ended = true;
    this.#wakeFollowers();
  }

  async registerWorker(input: RegisterWorker): Promise<void> {
    this.#note('registerWorker', input);
    this.workers.set(input.workerId, input);
  }

  async heartbeatWorker(workerId: string): Promise<void> {
    this.#note('heartbeatWorker', workerId);
    if (!this.workers.has(workerId)) throw notFound(`the worker ${JSON.stringify(workerId)}`);
  }

  async listWorkers(page: { limit: number; offset: number }): Promise<WorkerView[]> {
    this.#note('listWorkers', page);
    return [...this.workers.values()].slice(page.offset, page.offset + page.limit).map((worker) => ({
      ...worker,
      registeredAtMs: 1_700_000_000_000,
      lastHeartbeatMs: 1_700_000_000_001,
      currentJob: null,
      currentRunId: null,
      running: 0,
      status: 'idle',
    }));
  }

  async claimJobs(input: ClaimJobs, patience: Patience | null): Promise<ClaimedJob[]> {
    this.#note('claimJobs', input);
    if (this.claimable.length === 0 && input.waitMs > 0 && patience !== null) await this.#park(input.waitMs, patience);
    return this.claimable.splice(0, input.maxJobs);
  }

  async listAudit(query: AuditQuery): Promise<AuditPage> {
    this.#note('listAudit', query);
    const event = { atMs: 7, action: 'run.started', subject: 'r1', source: 'api', actorId: 't1', data: null };
    return { events: [{ ...event, actor: 'laptop' }], nextPageToken: 'b' };
  }

  async releaseJob(_caller: unknown, leaseId: string): Promise<void> {
    this.#note('releaseJob', leaseId);
    this.#live(leaseId);
    this.released.push(leaseId);
  }

  async heartbeatLease(_caller: unknown, leaseId: string): Promise<{ ttlSecs: number; cancelled: boolean }> {
    this.#note('heartbeatLease', leaseId);
    this.#live(leaseId);
    return { ttlSecs: 30, cancelled: false };
  }

  async pushLogs(_caller: unknown, leaseId: string, chunks: readonly NewLogChunk[]): Promise<number> {
    this.#note('pushLogs', chunks);
    this.#live(leaseId);
    return chunks.length;
  }

  async completeJob(_caller: unknown, leaseId: string, outputs: ReadonlyMap<string, string>): Promise<void> {
    this.#note('completeJob', outputs);
    this.#live(leaseId);
  }

  async failJob(_caller: unknown, leaseId: string, failure: { error: string; retryable: boolean }): Promise<void> {
    this.#note('failJob', failure);
    this.#live(leaseId);
  }

  async isJobCancelled(id: string, jobKey: string): Promise<boolean> {
    this.#note('isJobCancelled', { id, jobKey });
    if (jobKey === 'missing') throw notFound(`the job ${JSON.stringify(jobKey)} of ${JSON.stringify(id)}`);
    return jobKey === 'cancelled';
  }

  async createWorkflow(input: CreateWorkflow): Promise<WorkflowView> {
    const text = new TextDecoder().decode(input.text);
    this.#note('createWorkflow', { format: input.format, text });
    if (text.includes('broken')) {
      const message = 'job "build" needs "tests", which does not exist';
      throw new DomainError('invalid_definition', message, {
        problems: [{ message, field: 'jobs.build.needs[0]', job: 'build', file: null, line: 3, column: 9 }],
      });
    }
    return this.#workflow('created');
  }

  async listWorkflows(query: { limit: number; offset: number; status: string | null }): Promise<WorkflowView[]> {
    this.#note('listWorkflows', query);
    return [...this.workflows.values()];
  }

  async workflowStatus(id: string): Promise<WorkflowView> {
    this.#note('workflowStatus', id);
    if (this.bug !== null) throw this.bug;
    return this.#workflow(id);
  }

  async startRun(input: StartRun): Promise<{ runId: string }> {
    this.#note('startRun', input);
    if (input.id === 'missing') throw notFound('the workflow "missing"');
    return { runId: 'run-1' };
  }

  async cancelRun(_caller: unknown, id: string): Promise<{ runId: string }> {
    this.#note('cancelRun', id);
    return { runId: 'run-1' };
  }

  async explainJob(id: string, jobKey: string): Promise<JobExplanation> {
    this.#note('explainJob', { id, jobKey });
    const reason = { code: 'being_decided' } as const;
    return {
      runId: 'run-1',
      workflowId: 'ci',
      jobKey,
      status: 'queued',
      atMs: 1_700_000_000_000,
      reasons: [{ reason, sentence: 'It is about to be decided.' }],
      attempts: [],
    };
  }

  async listRuns(query: unknown): Promise<{ runs: RunView[]; nextPageToken: string }> {
    this.#note('listRuns', query);
    return { runs: [aRun()], nextPageToken: 'more' };
  }

  async jobLogs(query: LogQuery): Promise<LogChunkView[]> {
    this.#note('jobLogs', query);
    if (query.jobKey === 'missing') throw notFound('the job "missing"');
    return [...this.chunks];
  }

  async *followJobLogs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogBatch> {
    this.#note('followJobLogs', query);
    let at = this.chunks.findIndex((chunk) => position(chunk) === query.after) + 1;
    while (!signal.aborted) {
      const chunks = this.chunks.slice(at, at + 100);
      at += chunks.length;
      const last = chunks.at(-1);
      if (last !== undefined) yield { chunks, position: position(last) };
      else if (this.#ended) return;
      else await this.#nextChunk(signal);
    }
  }

  runOf(): never {
    throw new Error('runs are looked up with the real engine');
  }

  openSession(): never {
    throw new Error('sessions are tested with the real engine');
  }

  watchLeases(): never {
    throw new Error('lease watches are tested with the real engine');
  }

  watchRuns(): never {
    throw new Error('watching is tested with the real engine');
  }

  async ready(): Promise<{ ready: boolean; reason: string }> {
    return { ready: this.isReady, reason: this.isReady ? '' : 'the store does not answer' };
  }

  async #park(waitMs: number, patience: Patience): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const entry = { take: resolve };
    const timer = setTimeout(resolve, waitMs);
    this.#parked.push(entry);
    const waited = patience(resolve);
    await promise;
    waited();
    clearTimeout(timer);
    this.#parked = this.#parked.filter((other) => other !== entry);
  }

  async #nextChunk(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#followers.push(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    this.#followers = this.#followers.filter((other) => other !== resolve);
  }

  #wakeFollowers(): void {
    for (const wake of this.#followers) wake();
  }

  #live(leaseId: string): void {
    if (leaseId === 'expired') throw leaseRefused('lease_expired', 'the lease has expired');
    if (leaseId === 'done') throw leaseRefused('completed', 'the attempt was ended by another report');
    if (leaseId === 'unknown') throw leaseRefused('unknown_lease', 'there is no such lease');
  }

  #workflow(id: string): WorkflowView {
    const found = this.workflows.get(id);
    if (found !== undefined) return found;
    if (id === 'missing') throw notFound('the workflow "missing"');
    return aWorkflow(id);
  }

  #note(verb: string, input: unknown): void {
    this.calls.push({ verb, input });
  }
}

function position(chunk: LogChunkView): string {
  return `${chunk.attempt}.${chunk.sequence}.${chunk.stream}`;
}

export function aSpec(more: Partial<JobSpec> = {}): JobSpec {
  return {
    name: 'Build',
    command: 'make "all"\n',
    labels: ['linux', 'docker'],
    needs: ['prepare'],
    retry: { maxRetries: 2, backoff: { kind: 'fixed', delaySecs: 5 } },
    timeoutSecs: null,
    priority: 0,
    env: { CI: 'true' },
    steps: [],
    metadata: null,
    condition: null,
    ...more,
  };
}

export function aClaim(more: Partial<ClaimedJob> = {}): ClaimedJob {
  return {
    traceparent: null,
    leaseId: 'lease-1',
    ttlSecs: 60,
    grantedAtMs: 1_700_000_000_123,
    workerId: 'w1',
    runId: '0190a0a0-0000-7000-8000-000000000001',
    workflowId: 'ci',
    jobKey: 'build',
    attempt: 0,
    enqueuedAtMs: 1_700_000_000_000,
    delayedUntilMs: null,
    inputs: new Map(),
    upstreamOutputs: new Map([['prepare', new Map([['version', '1.2.3']])]]),
    spec: aSpec(),
    ...more,
  };
}

function aRun(more: Partial<RunView> = {}): RunView {
  return {
    runId: 'run-1',
    workflowId: 'ci',
    name: 'CI',
    state: 'running',
    version: 1,
    createdAtMs: 1_700_000_000_000,
    startedAtMs: 1_700_000_000_500,
    endedAtMs: null,
    jobs: 2,
    openJobs: 1,
    inputs: new Map(),
    ...more,
  };
}

export function aJob(key: string, more: Partial<JobView> = {}): JobView {
  return {
    key,
    spec: aSpec(),
    status: 'queued',
    attempt: 0,
    startedAtMs: null,
    endedAtMs: null,
    delayedUntilMs: null,
    workerId: null,
    error: null,
    outputs: new Map(),
    ...more,
  };
}

export function aWorkflow(id: string, jobs: readonly JobView[] = [aJob('build')]): WorkflowView {
  return { id, workflowId: 'ci', name: 'CI', trigger: 'push', version: 1, run: null, jobs };
}
