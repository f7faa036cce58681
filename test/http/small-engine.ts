import { DomainError, leaseRefused, notFound } from '../../src/domain/errors.js';
import type { StopReason } from '../../src/domain/lease.js';
import type {
  AuditPage,
  AuditQuery,
  CancelRun,
  ChildrenQuery,
  ClaimedJob,
  ClaimJobs,
  CreateWorkflow,
  Engine,
  GatePage,
  GateQuery,
  JobDetails,
  JobHistoryPage,
  JobHistoryQuery,
  JobSpec,
  JobView,
  LeaseRenewal,
  LogBatch,
  LogChunkView,
  LogLinesPage,
  LogLinesQuery,
  LogQuery,
  LogSearch,
  LogSearchPage,
  NewLogChunk,
  Patience,
  QueuedJobsView,
  QueueView,
  RegisterWorker,
  RerunAnswer,
  RerunRun,
  RunDetails,
  RunExplanation,
  RunGraph,
  RunJobsPage,
  RunJobsQuery,
  RunPage,
  RunQuery,
  RunView,
  SchedulePage,
  ScheduleQuery,
  ScheduleView,
  StartRun,
  SummaryPage,
  SummaryQuery,
  WorkerDetails,
  WorkerView,
  WorkflowInputs,
  WorkflowPage,
  WorkflowQuery,
  WorkflowView,
} from '../../src/engine/engine.js';
import type { PauseSchedule } from '../../src/engine/schedules/pause-schedule.js';
import type { ChangeVariable, VariableKey } from '../../src/engine/variables/change-variable.js';
import type { VariablePage, VariableQuery, VariableView } from '../../src/engine/variables/list-variables.js';
import type { JobExplanation } from '../../src/engine/views/explain-job.js';

const smallInput = {
  type: 'choice',
  description: 'Where to deploy',
  required: true,
  default: null,
  options: ['staging', 'production'],
  min: null,
  max: null,
  integer: false,
  maxLength: null,
} as const;

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

  append(chunk: Omit<LogChunkView, 'runId' | 'jobKey' | 'missingBytes' | 'systemLine'>): void {
    this.chunks.push({ runId: 'run-1', jobKey: 'build', missingBytes: null, systemLine: null, ...chunk });
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

  async listGates(query: GateQuery): Promise<GatePage> {
    this.#note('listGates', query);
    const run = { runId: 'r1', workflowId: 'ci', jobKey: null, sinceMs: 7 };
    const gate = {
      ofJobs: false,
      group: 'deploy',
      inUse: 1,
      holders: [run],
      waiting: [{ ...run, runId: 'r2' }],
      waitingTotal: 1,
    };
    return { gates: [gate], nextPageToken: 'b' };
  }

  async setVariable(input: ChangeVariable & { value: string }): Promise<void> {
    this.#note('setVariable', input);
  }

  async deleteVariable(input: ChangeVariable): Promise<void> {
    this.#note('deleteVariable', input);
  }

  async variable(key: VariableKey): Promise<VariableView> {
    this.#note('variable', key);
    return { ...key, value: 'eu-west-1', changedAtMs: 7, changedBy: 'laptop' };
  }

  async listVariables(query: VariableQuery): Promise<VariablePage> {
    this.#note('listVariables', query);
    const variable = { name: 'region', workflow: 'ci', value: 'eu-west-1', changedAtMs: 7, changedBy: null };
    return { variables: [variable], nextPageToken: 'b' };
  }

  async releaseJob(_caller: unknown, leaseId: string): Promise<void> {
    this.#note('releaseJob', leaseId);
    this.#live(leaseId);
    this.released.push(leaseId);
  }

  async heartbeatLease(_caller: unknown, leaseId: string): Promise<LeaseRenewal> {
    this.#note('heartbeatLease', leaseId);
    this.#live(leaseId);
    return { ttlSecs: 30, stop: null };
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

  async failJob(
    _caller: unknown,
    leaseId: string,
    failure: { error: string; retryable: boolean; exitCode?: number | null },
  ): Promise<void> {
    this.#note('failJob', failure);
    this.#live(leaseId);
  }

  async stopReasonOfJob(id: string, jobKey: string): Promise<StopReason | null> {
    this.#note('stopReasonOfJob', { id, jobKey });
    if (jobKey === 'missing') throw notFound(`the job ${JSON.stringify(jobKey)} of ${JSON.stringify(id)}`);
    return jobKey === 'cancelled' ? 'cancelled' : null;
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

  nextOffset: number | null = null;

  async listWorkflows(query: WorkflowQuery): Promise<WorkflowPage> {
    this.#note('listWorkflows', query);
    return { workflows: [...this.workflows.values()], nextOffset: this.nextOffset };
  }

  async workflowStatus(id: string): Promise<WorkflowView> {
    this.#note('workflowStatus', id);
    if (this.bug !== null) throw this.bug;
    return this.#workflow(id);
  }

  async childrenStatus(id: string, query: ChildrenQuery): Promise<WorkflowView> {
    this.#note('childrenStatus', { id, query });
    return this.#workflow(id);
  }

  async workflowInputs(id: string): Promise<WorkflowInputs> {
    this.#note('workflowInputs', id);
    if (id === 'missing') throw notFound('the workflow "missing"');
    return { workflowId: id, declarations: [{ ...smallInput, name: 'target' }] };
  }

  async startRun(input: StartRun): Promise<{ runId: string }> {
    this.#note('startRun', input);
    if (input.id === 'missing') throw notFound('the workflow "missing"');
    return { runId: 'run-1' };
  }

  async removeWorkflow(_caller: unknown, id: string): Promise<void> {
    this.#note('removeWorkflow', id);
  }

  async listSchedules(query: ScheduleQuery): Promise<SchedulePage> {
    this.#note('listSchedules', query);
    return { schedules: [smallSchedule], nextPageToken: 'next' };
  }

  async scheduleView(workflow: string, schedule: string): Promise<ScheduleView> {
    this.#note('scheduleView', { workflow, schedule });
    return smallSchedule;
  }

  async pauseSchedule(input: PauseSchedule): Promise<void> {
    this.#note('pauseSchedule', input);
  }

  async resumeSchedule(input: Omit<PauseSchedule, 'reason'>): Promise<void> {
    this.#note('resumeSchedule', input);
  }

  async rerunRun(input: RerunRun): Promise<RerunAnswer> {
    this.#note('rerunRun', input);
    const jobs = input.jobs.map((jobKey) => ({ jobKey, reason: 'was requested' }));
    const none = { jobs: [], count: 0 };
    const kept = { jobs: [{ jobKey: 'lint', reason: 'succeeded; its outputs are kept' }], count: 1 };
    return { runId: 'run-1', generation: 2, again: { jobs, count: jobs.length }, kept, skipped: none };
  }

  async cancelRun(input: CancelRun): Promise<{ runId: string }> {
    this.#note('cancelRun', input.id);
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

  async explainRun(id: string): Promise<RunExplanation> {
    this.#note('explainRun', id);
    const holder = { jobKey: 'build', state: 'running', holds: 2 } as const;
    const reason = {
      code: 'needs_open',
      sentence: 'They wait for jobs that have not ended: "build" holds them up.',
      status: 'queued',
      count: 2,
      jobKeys: ['test', 'report'],
      requiredLabels: ['linux'],
      holders: [holder],
      holderCount: 1,
    } as const;
    const of = { runId: 'run-1', workflowId: 'ci', state: 'running', atMs: 1_700_000_000_000 } as const;
    return { ...of, jobs: 3, succeeded: 0, reasons: [reason] };
  }

  async queue(): Promise<QueueView> {
    this.#note('queue', null);
    const set = {
      labelSet: 4,
      labels: ['gpu'],
      waiting: 7,
      oldestAtMs: 1_700_000_000_000,
      matchingWorkers: 0,
      freeSlots: 0,
      sentence: 'There is no live worker.',
      isStuck: true,
    };
    return { atMs: 1_700_000_000_001, waiting: 7, labelSets: [set] };
  }

  async queuedJobs(labelSet: number, limit: number): Promise<QueuedJobsView> {
    this.#note('queuedJobs', { labelSet, limit });
    const of = { run_id: 'run-1', workflow_id: 'ci', workflow_name: 'CI' };
    return { labels: ['gpu'], jobs: [{ ...of, key: 'train', priority: -2, enqueued_at_ms: 5 }], more: true };
  }

  async workerDetails(workerId: string): Promise<WorkerDetails> {
    this.#note('workerDetails', workerId);
    if (!this.workers.has(workerId)) throw notFound(`worker ${JSON.stringify(workerId)}`);
    const [worker] = await this.listWorkers({ limit: 1, offset: 0 });
    if (worker === undefined) throw new Error('there is no worker');
    const of = { run_id: 'run-1', workflow_id: 'ci', workflow_name: 'CI' };
    return { worker, running: [{ ...of, key: 'train', number: 1, claimed_at_ms: 5, expires_at_ms: 35 }] };
  }

  async listRuns(query: RunQuery): Promise<RunPage> {
    this.#note('listRuns', query);
    const details = query.withDetails ? aRunDetails() : null;
    return { runs: [{ ...aRun(), details }], nextPageToken: 'more', lastEvent: 17 };
  }

  async listWorkflowSummaries(query: SummaryQuery): Promise<SummaryPage> {
    this.#note('listWorkflowSummaries', query);
    const run = { runId: 'run-1', state: 'success', createdAtMs: 1, startedAtMs: 2, endedAtMs: null } as const;
    const summary = {
      id: 'ci',
      name: 'CI',
      trigger: 'push',
      source: 'file',
      version: 2,
      jobs: 3,
      newestRun: { ...aRun(), details: aRunDetails() },
      recentRuns: [run],
      endedRuns: 4,
      succeededRuns: 3,
      medianDurationMs: 1_500,
      broken: { file: 'ci.yml', sinceMs: 5, problems: [] },
    } as const;
    return { workflows: [summary], nextPageToken: 'more' };
  }

  async runGraph(workflowId: string, version: number): Promise<RunGraph> {
    this.#note('runGraph', { workflowId, version });
    return {
      workflowId,
      version,
      name: 'CI',
      trigger: 'push',
      keys: ['build', 'test'],
      jobs: [aSpec(), aSpec({ condition: 'always()', timeoutSecs: 60 })],
      needs: [[], [0]],
      labelSets: [['linux']],
      labelSetIndexes: [0, 0],
    };
  }

  async listRunJobs(query: RunJobsQuery): Promise<RunJobsPage> {
    this.#note('listRunJobs', query);
    const job = {
      attempt: 1,
      enqueuedAtMs: 10,
      startedAtMs: 20,
      endedAtMs: null,
      hasError: false,
      isTolerated: false,
    } as const;
    return {
      runId: 'run-1',
      workflowId: 'ci',
      version: 2,
      createdAtMs: 5,
      lastEvent: 17,
      jobs: [
        { ...job, ordinal: 0, state: 'running', workerId: 'w1' },
        { ...job, ordinal: 1, state: 'failure', workerId: 'w1', endedAtMs: 30, hasError: true, isTolerated: true },
        { ...job, ordinal: 2, state: 'waiting', workerId: null, enqueuedAtMs: null, startedAtMs: null },
      ],
      nextOrdinal: 3,
    };
  }

  async jobDetails(id: string, jobKey: string): Promise<JobDetails> {
    this.#note('jobDetails', { id, jobKey });
    const attempt = {
      number: 0,
      workerId: 'w1',
      claimedAtMs: 20,
      endedAtMs: 30,
      outcome: 'failure',
      error: 'exit status 1',
      expiresAtMs: 100,
      timeoutAtMs: null,
      logMissingBytes: null,
      exitCode: null,
      logBytes: 1_234,
      stop: null,
    } as const;
    return {
      runId: 'run-1',
      workflowId: 'ci',
      version: 2,
      ordinal: 1,
      state: 'failure',
      enqueuedAtMs: 10,
      job: aJob(jobKey, { status: 'failure', error: 'exit status 1' }),
      attempts: [attempt],
      attemptsTotal: 1,
      steps: [{ status: 'failure', startedAtMs: 21, endedAtMs: 30 }],
    };
  }

  async jobHistory(query: JobHistoryQuery): Promise<JobHistoryPage> {
    this.#note('jobHistory', query);
    const entry = { state: 'success', durationMs: 1_500, attempt: 1 } as const;
    const statistics = { ended: 1, failed: 0, flaky: 1, medianMs: 1_500, p95Ms: null };
    return {
      runs: [aRun(), aRun()],
      jobs: [{ key: 'build', entries: [entry, null], statistics }],
      nextPageToken: 'older',
    };
  }

  async *jobLogs(query: LogQuery): AsyncIterable<LogBatch> {
    this.#note('jobLogs', query);
    if (query.jobKey === 'missing') throw notFound('the job "missing"');
    for (const chunk of this.chunks) yield { chunks: [chunk], position: position(chunk) };
  }

  async logLines(query: LogLinesQuery): Promise<LogLinesPage> {
    this.#note('logLines', query);
    if (query.jobKey === 'missing') throw notFound('the job "missing"');
    return {
      lines: [{ number: 7, source: 'stderr', atMs: 5, text: 'a line', ended: false }],
      lineCount: 7,
      bytes: 70,
      position: '1.2.stderr',
      openLines: [{ source: 'stderr', number: 7 }],
    };
  }

  async searchLog(query: LogSearch): Promise<LogSearchPage> {
    this.#note('searchLog', query);
    if (query.jobKey === 'missing') throw notFound('the job "missing"');
    return { lines: [7, 9], nextLine: 12 };
  }

  async canFollowLogs(query: LogQuery): Promise<boolean> {
    await this.stopReasonOfJob(query.id, query.jobKey);
    if (query.after === 'junk') throw new DomainError('malformed', 'after: it is not a position');
    return query.after !== '9.9.stdout';
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

  watchSeveralRuns(): never {
    throw new Error('watching is tested with the real engine');
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
    child: null,
    stopGraceSecs: 10,
    leaseId: 'lease-1',
    ttlSecs: 60,
    grantedAtMs: 1_700_000_000_123,
    bytes: 1_000,
    workerId: 'w1',
    runId: '0190a0a0-0000-7000-8000-000000000001',
    workflowId: 'ci',
    jobKey: 'build',
    attempt: 0,
    enqueuedAtMs: 1_700_000_000_000,
    delayedUntilMs: null,
    inputs: new Map(),
    upstreamOutputs: new Map([['prepare', new Map([['version', '1.2.3']])]]),
    needs: new Map([
      ['prepare', { result: 'success', isTolerated: false, error: null, attempt: 1, durationMs: 2_900 }],
    ]),
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
    startedBy: null,
    generation: 1,
    rerunOf: null,
    held: false,
    group: null,
    runName: null,
    trigger: 'api',
    schedule: null,
    scheduledAtMs: null,
    timedOut: false,
    ...more,
  };
}

function aRunDetails(): RunDetails {
  const counts = {
    waiting: 1,
    held: 9,
    delayed: 2,
    queued: 3,
    running: 4,
    open: 0,
    success: 5,
    failure: 6,
    skipped: 7,
    cancelled: 8,
  };
  return {
    counts,
    retries: 9,
    tolerated: 2,
    noMatchingWorker: 1,
    firstFailure: { jobKey: 'build', error: 'exit status 1' },
  };
}

export function aJob(key: string, more: Partial<JobView> = {}): JobView {
  return {
    key,
    spec: aSpec(),
    status: 'queued',
    isTolerated: false,
    isHeld: false,
    attempt: 0,
    startedAtMs: null,
    endedAtMs: null,
    delayedUntilMs: null,
    workerId: null,
    logMissingBytes: null,
    exitCode: null,
    error: null,
    children: null,
    truncated: false,
    outputs: new Map(),
    ...more,
  };
}

export function aWorkflow(id: string, jobs: readonly JobView[] = [aJob('build')]): WorkflowView {
  return { id, workflowId: 'ci', name: 'CI', trigger: 'push', version: 1, run: null, jobs };
}

const smallSchedule: ScheduleView = {
  workflowId: 'ci',
  schedule: {
    id: 'nightly',
    cron: '30 2 * * *',
    timezone: 'UTC',
    inputs: { target: 'staging' },
    jitterMs: 60_000,
    catchUp: 'latest',
    withinMs: 600_000,
    overlap: 'skip',
  },
  nextMs: null,
  nextStartMs: null,
  lastMs: 1_700_000_000_000,
  lastOutcome: 'started',
  lastRun: 'run-1',
  lastError: null,
  paused: { atMs: 1_700_000_000_001, by: 'ops', reason: 'database moves' },
  explanation: 'It is paused.',
};
