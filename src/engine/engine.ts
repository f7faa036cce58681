import type { DefinitionFormat, Env, StepDefinition } from '../domain/definition/definition.js';
import type { JsonObject } from '../domain/json.js';
import type { RetryPolicy } from '../domain/retry.js';
import type { JobStatus, RunState } from '../domain/states.js';
import type { JobSession, SessionHello, SessionSink } from './job-session.js';
import type { LeaseNews, LeaseWatch } from './lease-watch.js';
import type { JobExplanation } from './why-job.js';

/**
 * What the server does, as its edges call it. Every method that changes something answers after the change is on disk,
 * and throws `DomainError` for what a caller can understand. Times are Unix milliseconds of the server's clock.
 */
export interface Engine {
  registerWorker(input: RegisterWorker): Promise<void>;
  heartbeatWorker(workerId: string): Promise<void>;
  listWorkers(page: { limit: number; offset: number }): Promise<WorkerView[]>;

  /** Claims up to `maxJobs` jobs; waits up to `waitMs` for the first one, less when `patience` ends. */
  claimJobs(input: ClaimJobs, patience: Patience | null): Promise<ClaimedJob[]>;
  /** Opens a worker's session: jobs are pushed to it while it has credits. */
  openSession(hello: SessionHello, sink: SessionSink): JobSession;
  /** Tells of watched leases that are lost or cancelled. */
  watchLeases(tell: (news: LeaseNews) => void): LeaseWatch;
  /** Gives back jobs whose claimant is gone before the answer reached it. */
  releaseJob(caller: Caller, leaseId: string): Promise<void>;
  heartbeatLease(caller: Caller, leaseId: string): Promise<LeaseRenewal>;
  pushLogs(caller: Caller, leaseId: string, chunks: readonly NewLogChunk[]): Promise<number>;
  completeJob(caller: Caller, leaseId: string, outputs: ReadonlyMap<string, string>): Promise<void>;
  failJob(caller: Caller, leaseId: string, failure: { error: string; retryable: boolean }): Promise<void>;
  isJobCancelled(id: string, jobKey: string): Promise<boolean>;

  createWorkflow(input: CreateWorkflow): Promise<WorkflowView>;
  listWorkflows(query: { limit: number; offset: number; status: JobStatus | null }): Promise<WorkflowView[]>;
  workflowStatus(id: string): Promise<WorkflowView>;
  startRun(input: StartRun): Promise<{ runId: string }>;
  cancelRun(caller: Caller, id: string): Promise<{ runId: string }>;
  /** The id of the run that an id means: a run's own, or that of a workflow's newest run. Errors: `not_found`. */
  runOf(id: string): Promise<string>;
  listRuns(query: RunQuery): Promise<{ runs: RunView[]; nextPageToken: string }>;
  /** Why a job of a run, or of a workflow's newest run, is in the state that it is in. */
  explainJob(id: string, jobKey: string): Promise<JobExplanation>;

  /** Who did what, newest first. */
  listAudit(query: AuditQuery): Promise<AuditPage>;

  jobLogs(query: LogQuery): Promise<LogChunkView[]>;
  /** The chunks of a job after a position: first what is stored, then live, to the end of the job. */
  followJobLogs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogBatch>;

  /** Changes after an event number, each once and in order; without a number, a snapshot of what is live first. */
  watchRuns(query: WatchQuery, signal: AbortSignal): AsyncIterable<WatchBatch>;

  /** Whether the store answers and takes changes; if not, why. */
  ready(): Promise<{ ready: boolean; reason: string }>;
}

/**
 * How long the sender of a claim wants to wait. Called when the wait begins, which it does not for a claim that finds a
 * job; calls `giveUp` when it is to end, maybe at once. The function that it returns is called at the end of the wait.
 */
export type Patience = (giveUp: () => void) => () => void;

/** Who calls: a lease belongs to the credential that claimed it. */
export interface Caller {
  /** The token's id, or null where the server runs without tokens. */
  readonly credential: string | null;
}

export interface RegisterWorker {
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly slots: number;
  readonly version: string;
}

export interface ClaimJobs {
  readonly caller: Caller;
  readonly workerId: string;
  readonly labels: readonly string[];
  /** As asked for; null when absent. */
  readonly leaseTtlSecs: number | null;
  readonly waitMs: number;
  readonly requestId: string | null;
  readonly maxJobs: number;
}

export interface ClaimedJob {
  readonly leaseId: string;
  readonly ttlSecs: number;
  readonly grantedAtMs: number;
  readonly workerId: string;
  readonly runId: string;
  readonly workflowId: string;
  readonly jobKey: string;
  readonly attempt: number;
  readonly enqueuedAtMs: number;
  readonly delayedUntilMs: number | null;
  /** The trace context of the attempt, as W3C writes it; null when nobody wants traces. */
  readonly traceparent: string | null;
  readonly inputs: ReadonlyMap<string, string>;
  readonly upstreamOutputs: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly spec: JobSpec;
}

/** What a definition says of one job and a worker or a reader needs to know. */
export interface JobSpec {
  readonly name: string;
  readonly command: string;
  readonly labels: readonly string[];
  /** The keys of the jobs that it needs. */
  readonly needs: readonly string[];
  readonly retry: RetryPolicy;
  readonly timeoutSecs: number | null;
  readonly priority: number;
  readonly env: Env;
  readonly steps: readonly StepDefinition[];
  readonly metadata: JsonObject | null;
  readonly condition: string | null;
}

export interface LeaseRenewal {
  readonly ttlSecs: number;
  readonly cancelled: boolean;
}

export interface NewLogChunk {
  /** Empty: as the lease says. Anything else must agree with the lease. */
  readonly runId: string;
  readonly jobKey: string;
  readonly sequence: number;
  readonly data: string;
  readonly timestampMs: number;
  readonly stream: 'stdout' | 'stderr';
}

export interface LogChunkView extends NewLogChunk {
  readonly attempt: number;
}

export interface LogQuery {
  readonly id: string;
  readonly jobKey: string;
  readonly attempt: number | null;
  /** Null: as many as there are. */
  readonly limit: number | null;
  /** `attempt.sequence.stream`, such as `0.17.stdout`, of the last chunk that the reader has; empty for all. */
  readonly after: string;
}

export interface LogBatch {
  readonly chunks: readonly LogChunkView[];
  readonly position: string;
}

export interface CreateWorkflow {
  readonly caller: Caller;
  readonly text: Uint8Array;
  readonly format: DefinitionFormat;
}

export interface StartRun {
  readonly caller: Caller;
  readonly id: string;
  readonly inputs: ReadonlyMap<string, string>;
  readonly requestId: string | null;
  /** The trace context that it is started within, as `readTraceparent` gives it; none when absent. */
  readonly traceparent?: string | null;
}

export interface WatchQuery {
  /** A run's id, or a workflow's, which means its newest run; empty for every run. */
  readonly id: string;
  /** Null: a snapshot first. */
  readonly afterEvent: number | null;
}

export interface WatchBatch {
  readonly snapshot: readonly WorkflowView[];
  readonly events: readonly EventView[];
  /** Where to resume. */
  readonly lastEvent: number;
}

/** A change of state. */
export interface EventView {
  readonly number: number;
  readonly atMs: number;
  readonly type: string;
  readonly runId: string;
  /** Empty for an event of the whole run. */
  readonly jobKey: string;
  readonly attempt: number | null;
  /** A JSON object as text; empty when there is none. */
  readonly data: string;
}

export interface JobView {
  readonly key: string;
  readonly spec: JobSpec;
  readonly status: JobStatus;
  readonly attempt: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly delayedUntilMs: number | null;
  readonly workerId: string | null;
  /** The error text of a failed job. */
  readonly error: string | null;
  readonly outputs: ReadonlyMap<string, string>;
}

export interface WorkflowView {
  /** The id that it was asked for by. */
  readonly id: string;
  readonly workflowId: string;
  readonly name: string;
  readonly trigger: string;
  readonly version: number;
  readonly run: RunView | null;
  readonly jobs: readonly JobView[];
}

export interface RunView {
  readonly runId: string;
  readonly workflowId: string;
  readonly name: string;
  readonly state: RunState;
  readonly version: number;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly jobs: number;
  readonly openJobs: number;
  readonly inputs: ReadonlyMap<string, string>;
}

export interface RunQuery {
  /** Empty: of every workflow. */
  readonly workflow: string;
  readonly state: RunState | null;
  readonly limit: number;
  readonly pageToken: string;
}

export interface WorkerView {
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly registeredAtMs: number;
  readonly lastHeartbeatMs: number;
  readonly currentJob: string | null;
  readonly currentRunId: string | null;
  readonly running: number;
  readonly slots: number;
  readonly version: string;
  readonly status: 'idle' | 'busy' | 'offline';
}

export interface AuditQuery {
  readonly limit: number;
  /** The `nextPageToken` of the page before; empty for the first. */
  readonly pageToken: string;
  /** Only this action; empty for all. */
  readonly action: string;
  /** Only what was done to the token, workflow or run with this id; empty for all. */
  readonly subject: string;
}

export interface AuditPage {
  readonly events: readonly AuditEventView[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export interface AuditEventView {
  readonly atMs: number;
  readonly action: string;
  readonly subject: string;
  readonly source: string;
  /** The name of the token that it was done with, and its id. */
  readonly actor: string | null;
  readonly actorId: string | null;
  /** As JSON text. */
  readonly data: string | null;
}
