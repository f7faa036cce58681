import type { StopReason } from '../domain/lease.js';
import type { Caller } from './caller.js';
import type { ClaimedJob } from './claims/claim.js';
import type { ClaimJobs, Patience } from './claims/claim-jobs.js';
import type { RegisterWorker } from './claims/register-worker.js';
import type { JobSession, SessionHello, SessionSink } from './claims/worker-session.js';
import type { CreateWorkflow } from './definitions/create-workflow.js';
import type { DefinitionGraphResult } from './definitions/definition-graph.js';
import type { UpdatedWorkflow, UpdateWorkflow } from './definitions/update-workflow.js';
import type { ValidateDefinition } from './definitions/validate-definition.js';
import type { ReportedFailure } from './leases/complete-job.js';
import type { LeaseRenewal } from './leases/lease-operations.js';
import type { LeaseEvent, LeaseWatch } from './leases/lease-watch.js';
import type { NewLogChunk } from './leases/push-logs.js';
import type { DrainState, DrainView } from './memory/drains.js';
import type { ChangePause, PauseView } from './pauses/change-pause.js';
import type { DrainWorker } from './pauses/drain-worker.js';
import type { CancelRun } from './runs/cancel-run.js';
import type { RerunAnswer, RerunRun } from './runs/rerun-run.js';
import type { StartRun } from './runs/start-run.js';
import type { BackfillView, CancelBackfill, CreateBackfill } from './schedules/change-backfill.js';
import type { PauseSchedule } from './schedules/pause-schedule.js';
import type { ChangeVariable, VariableKey } from './variables/change-variable.js';
import type { VariablePage, VariableQuery, VariableView } from './variables/list-variables.js';
import type { ChildrenQuery } from './views/children.js';
import type { DefinitionView, VersionPage, VersionQuery } from './views/definitions.js';
import type { JobExplanation } from './views/explain-job.js';
import type { RunExplanation } from './views/explain-run.js';
import type { JobDetails } from './views/job-details.js';
import type { JobHistoryPage, JobHistoryQuery } from './views/job-history.js';
import type { AuditPage, AuditQuery } from './views/list-audit.js';
import type { GatePage, GateQuery } from './views/list-gates.js';
import type { RunPage, RunQuery } from './views/list-runs.js';
import type { SchedulePage, ScheduleQuery, ScheduleView } from './views/list-schedules.js';
import type { WorkerView } from './views/list-workers.js';
import type { WorkflowPage, WorkflowQuery } from './views/list-workflows.js';
import type { LogLinesPage, LogLinesQuery } from './views/log-lines.js';
import type { LogBatch, LogQuery } from './views/log-views.js';
import type { QueuedJobsView, QueueView } from './views/queue.js';
import type { RunGraph } from './views/run-graph.js';
import type { RunJobsPage, RunJobsQuery } from './views/run-jobs.js';
import type { LogSearch, LogSearchPage } from './views/search-log.js';
import type { Statistics, StatisticsQuery } from './views/statistics.js';
import type { WatchBatch, WatchQuery } from './views/watch-runs.js';
import type { WatchSeveralBatch, WatchSeveralQuery } from './views/watch-several-runs.js';
import type { WorkerDetails } from './views/worker-details.js';
import type { WorkflowInputs } from './views/workflow-inputs.js';
import type { WorkflowView } from './views/workflow-rows.js';
import type { SummaryPage, SummaryQuery } from './views/workflow-summaries.js';

export type { Caller } from './caller.js';
export type { ClaimedJob, EndedNeed } from './claims/claim.js';
export type { ClaimJobs, Patience } from './claims/claim-jobs.js';
export type { RegisterWorker } from './claims/register-worker.js';
export type { CreateWorkflow } from './definitions/create-workflow.js';
export type { AtGate } from './gates/held-at-gate.js';
export type { LeaseRenewal } from './leases/lease-operations.js';
export type { NewLogChunk } from './leases/push-logs.js';
export type { DrainState, DrainView } from './memory/drains.js';
export type { PauseSubject, PauseView } from './pauses/change-pause.js';
export type { CancelRun } from './runs/cancel-run.js';
export type { RerunAnswer, RerunJobsView, RerunRun } from './runs/rerun-run.js';
export type { StartRun } from './runs/start-run.js';
export type { BackfillView } from './schedules/change-backfill.js';
export type { ChangeVariable, VariableKey } from './variables/change-variable.js';
export type { VariablePage, VariableQuery, VariableView } from './variables/list-variables.js';
export type { ChildrenQuery } from './views/children.js';
export type { DefinitionVersionView } from './views/definitions.js';
export type { RunExplanation } from './views/explain-run.js';
export type { JobDetails } from './views/job-details.js';
export type { JobHistoryPage, JobHistoryQuery } from './views/job-history.js';
export type { AuditEventView, AuditPage, AuditQuery } from './views/list-audit.js';
export type { GatePage, GateQuery, GateView } from './views/list-gates.js';
export type { RunPage, RunQuery } from './views/list-runs.js';
export type { SchedulePage, ScheduleQuery, ScheduleView } from './views/list-schedules.js';
export type { WorkerView } from './views/list-workers.js';
export type { WorkflowPage, WorkflowQuery } from './views/list-workflows.js';
export type { LogLinesPage, LogLinesQuery } from './views/log-lines.js';
export type { LogBatch, LogChunkView, LogQuery } from './views/log-views.js';
export type { QueuedJobsView, QueueView } from './views/queue.js';
export type { RunDetails } from './views/run-details.js';
export type { RunGraph } from './views/run-graph.js';
export type { RunJobsPage, RunJobsQuery } from './views/run-jobs.js';
export type { LogSearch, LogSearchPage } from './views/search-log.js';
export type { Statistics, StatisticsQuery } from './views/statistics.js';
export type { EventView, WatchBatch, WatchQuery } from './views/watch-runs.js';
export type { WatchSeveralBatch, WatchSeveralQuery } from './views/watch-several-runs.js';
export type { WorkerDetails } from './views/worker-details.js';
export type { WorkflowInputs } from './views/workflow-inputs.js';
export type { JobView, RunView, WorkflowView } from './views/workflow-rows.js';
export type { SummaryPage, SummaryQuery, WorkflowSummary } from './views/workflow-summaries.js';

/**
 * The server's behaviour, as its edges call it. Every method that changes something answers after the change is on
 * disk, and throws `DomainError` for errors that concern the caller. Times are Unix milliseconds of the server's clock.
 */
export interface Engine {
  registerWorker(input: RegisterWorker): Promise<void>;
  heartbeatWorker(workerId: string, caller?: Caller): Promise<void>;
  listWorkers(page: { limit: number; offset: number }): Promise<WorkerView[]>;

  /** Claims up to `maxJobs` jobs; waits up to `waitMs` for the first one, less when `patience` ends. */
  claimJobs(input: ClaimJobs, patience: Patience | null): Promise<ClaimedJob[]>;
  /** Opens a worker's session: jobs are pushed to it while it has credits. */
  openSession(hello: SessionHello, sink: SessionSink): JobSession;
  /** Notifies of watched leases that are lost or whose jobs must stop. */
  watchLeases(notify: (event: LeaseEvent) => void): LeaseWatch;
  /** Releases a job whose claimant left before the answer reached it. */
  releaseJob(caller: Caller, leaseId: string): Promise<void>;
  heartbeatLease(caller: Caller, leaseId: string): Promise<LeaseRenewal>;
  pushLogs(caller: Caller, leaseId: string, chunks: readonly NewLogChunk[]): Promise<number>;
  completeJob(caller: Caller, leaseId: string, outputs: ReadonlyMap<string, string>): Promise<void>;
  failJob(caller: Caller, leaseId: string, failure: ReportedFailure): Promise<void>;
  /** Why a job must stop: it was cancelled, or its newest attempt has timed out. Null when it need not. */
  stopReasonOfJob(id: string, jobKey: string): Promise<StopReason | null>;

  createWorkflow(input: CreateWorkflow): Promise<WorkflowView>;
  /** Replaces the definition of a workflow. Errors: `invalid_definition`, `not_found`, `conflict`. */
  updateWorkflow(input: UpdateWorkflow): Promise<UpdatedWorkflow>;
  /** Checks a definition and stores nothing. */
  validateDefinition(input: ValidateDefinition): Promise<DefinitionGraphResult>;
  /** A version with its text; the current one without a number. Errors: `not_found`. */
  definition(workflow: string, number: number | null): Promise<DefinitionView>;
  /** Newest first. Errors: `not_found`; `malformed` for an invalid page token. */
  listVersions(query: VersionQuery): Promise<VersionPage>;
  /**
   * Removes a workflow from the list, so that it cannot be started. Its runs stay. Repeating it changes nothing.
   * Errors: `not_found`; `conflict` for one that comes from a file.
   */
  removeWorkflow(caller: Caller, id: string): Promise<void>;
  listWorkflows(query: WorkflowQuery): Promise<WorkflowPage>;
  /** The workflows without their jobs. */
  listWorkflowSummaries(query: SummaryQuery): Promise<SummaryPage>;
  /** With a job's key, only that job, whole. */
  workflowStatus(id: string, only?: string): Promise<WorkflowView>;
  /** With the children of a job as its jobs. Errors: `not_found`, also for a job that has no matrix. */
  childrenStatus(id: string, query: ChildrenQuery): Promise<WorkflowView>;
  /** The inputs that the current definition of a workflow, or of a run's workflow, declares. Errors: `not_found`. */
  workflowInputs(id: string): Promise<WorkflowInputs>;
  /** `warning`: what the caller should know about the run; usually absent. */
  startRun(input: StartRun): Promise<{ runId: string; warning?: string }>;
  /** The id of the run; empty for a workflow that has not run. */
  cancelRun(input: CancelRun): Promise<{ runId: string }>;
  /**
   * Runs jobs of a run again, in the same run. Errors: `not_found`; `malformed`; `conflict`, with the reason
   * `job_running` or `dependant_running` when a job is in the way.
   */
  rerunRun(input: RerunRun): Promise<RerunAnswer>;
  /**
   * The id of the run that an id means: a run's own id, a workflow's newest run, or the only run whose id starts with
   * it. Errors: `not_found`; `malformed` for a prefix of several ids.
   */
  runOf(id: string): Promise<string>;
  listRuns(query: RunQuery): Promise<RunPage>;
  /** Errors: `not_found` for a workflow that does not exist; `malformed` for an invalid page token. */
  listSchedules(query: ScheduleQuery): Promise<SchedulePage>;
  /** Errors: `not_found`. */
  scheduleView(workflow: string, schedule: string): Promise<ScheduleView>;
  /** Pauses a schedule, or ends its pause; repeating it changes nothing. Errors: `not_found`. */
  pauseSchedule(input: PauseSchedule): Promise<void>;
  resumeSchedule(input: Omit<PauseSchedule, 'reason'>): Promise<void>;
  /** Starts runs for past times of a schedule, or counts them. Errors: `not_found`, `malformed`, `conflict`. */
  createBackfill(input: CreateBackfill): Promise<BackfillView>;
  /** The newest backfills of a workflow. Errors: `not_found`. */
  listBackfills(workflow: string): Promise<readonly BackfillView[]>;
  /** Its runs continue; it starts no more. Errors: `not_found`. */
  cancelBackfill(input: CancelBackfill): Promise<BackfillView>;
  /** Why a job of a run, or of a workflow's newest run, is in its present state. */
  explainJob(id: string, jobKey: string, attempt?: number | null): Promise<JobExplanation>;
  /** Why a run is in its present state. Errors: `not_found`. */
  explainRun(id: string): Promise<RunExplanation>;

  /** The jobs that wait for workers, by label sets. */
  queue(): Promise<QueueView>;
  /** The claimable jobs of a label set in the order of their claims. Errors: `not_found`. */
  queuedJobs(labelSet: number, limit: number): Promise<QueuedJobsView>;
  /** One worker, with every job that it runs. Errors: `not_found`. */
  workerDetails(workerId: string): Promise<WorkerDetails>;

  /** The graph of a version of a workflow; it never changes. Errors: `not_found`. */
  runGraph(workflowId: string, version: number): Promise<RunGraph>;
  /** The states of a run's jobs. Errors: `not_found`. */
  listRunJobs(query: RunJobsQuery): Promise<RunJobsPage>;
  /** How the jobs of a workflow's last runs went. Errors: `not_found`. */
  jobHistory(query: JobHistoryQuery): Promise<JobHistoryPage>;

  statistics(query: StatisticsQuery): Promise<Statistics>;
  /** One job of a run, with its attempts. Errors: `not_found`. */
  jobDetails(id: string, jobKey: string): Promise<JobDetails>;

  /** Concurrency groups in use, by name. Errors: `malformed` for an invalid page token. */
  listGates(query: GateQuery): Promise<GatePage>;

  /** Pauses a workflow, a run or a label. Errors: `not_found`, `conflict`, `too_large`. */
  pause(input: ChangePause & { readonly reason: string }): Promise<PauseView>;
  /** Ends a pause. Errors: `not_found`. */
  resume(input: ChangePause): Promise<void>;
  listPauses(): Promise<PauseView[]>;
  /** Drains a worker, or undoes it; repeating it changes nothing. Errors: `not_found`. */
  drainWorker(input: DrainWorker): Promise<DrainView>;
  undrainWorker(input: Omit<DrainWorker, 'stop' | 'reason'>): Promise<void>;
  /** The drain that the worker must follow; null if it is not draining. */
  drainOf(workerId: string): DrainState | null;
  /** Sets a variable of the server or of a workflow. Errors: `malformed`, `too_large`, `not_found`. */
  setVariable(input: ChangeVariable & { readonly value: string }): Promise<void>;
  /** Errors: `not_found`. */
  deleteVariable(input: ChangeVariable): Promise<void>;
  /** Errors: `not_found`. */
  variable(key: VariableKey): Promise<VariableView>;
  /** Errors: `not_found` for a workflow that does not exist; `malformed` for an invalid page token. */
  listVariables(query: VariableQuery): Promise<VariablePage>;

  /** Audit entries, newest first. */
  listAudit(query: AuditQuery): Promise<AuditPage>;

  /** The stored log of a job after a position, in pages of bounded size. Pages are read as the reader asks for them. */
  jobLogs(query: LogQuery): AsyncIterable<LogBatch>;
  /** Whether following a log yields anything, now or later. */
  canFollowLogs(query: LogQuery): Promise<boolean>;
  /** The chunks of a job after a position: first what is stored, then live, to the end of the job. */
  followJobLogs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogBatch>;

  /** Lines of an attempt's log by their numbers. Errors: `not_found`. */
  logLines(query: LogLinesQuery): Promise<LogLinesPage>;
  /** The numbers of the lines that contain a text. Errors: `not_found`. */
  searchLog(query: LogSearch): Promise<LogSearchPage>;

  /** Changes after an event number, each once and in order; without a number, a snapshot of what is live first. */
  watchRuns(query: WatchQuery, signal: AbortSignal): AsyncIterable<WatchBatch>;
  /** Several runs in one stream, or every run; the latter does not end. Errors: `not_found`. */
  watchSeveralRuns(query: WatchSeveralQuery, signal: AbortSignal): AsyncGenerator<WatchSeveralBatch>;

  /** Whether the store answers and takes changes; if not, why. */
  ready(): Promise<{ ready: boolean; reason: string }>;
}
