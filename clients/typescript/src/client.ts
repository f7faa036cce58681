import { randomUUID } from 'node:crypto';
import { allOf } from './all-pages.js';
import { allWorkflows } from './all-workflows.js';
import { readChildren } from './children.js';
import type {
  BackfillOptions,
  CancelOptions,
  ClientOptions,
  CreateOptions,
  DrainOptions,
  FollowOptions,
  ListAuditOptions,
  ListGatesOptions,
  ListRunsOptions,
  ListSchedulesOptions,
  ListVariablesOptions,
  ListVersionsOptions,
  ListWorkersOptions,
  ListWorkflowsOptions,
  LogOptions,
  RerunOptions,
  RunOptions,
  VariableOptions,
  WaitOptions,
} from './client-options.js';
import { Calls } from './http/calls.js';
import { HttpConnection } from './http/connection.js';
import { drainPath, jobPath, query, runJobPath, schedulePath, variablePath, workflowPath } from './http/paths.js';
import { USER_AGENT } from './http/user-agent.js';
import { followJobLog, readJobLog } from './job-log.js';
import { serverAddress } from './server-address.js';
import { waitForEnd } from './wait-for-end.js';
import type { RunChanges, WatchOptions } from './watch.js';
import type {
  AuditPage,
  Backfill,
  Definition,
  DefinitionVersion,
  GatePage,
  JobDetails,
  JobExplanation,
  LogChunk,
  Pause,
  PauseKind,
  Queue,
  RerunAnswer,
  Run,
  RunPage,
  Schedule,
  SchedulePage,
  StartedRun,
  Variable,
  VariablePage,
  VersionPage,
  WorkerDrain,
  WorkerInfo,
  Workflow,
  WorkflowInputs,
} from './wire.js';

/**
 * Creates workflows, starts runs and inspects them. An `id` parameter accepts a run id, or a workflow id, which means
 * its newest run.
 *
 * Every method throws a WorkflowGraphError if the server refuses the call, and a ServerUnreachableError if it cannot be
 * reached.
 */
export class Client {
  /** Without a user name and password. */
  readonly serverUrl: string;
  readonly #calls: Calls;
  readonly #authorization: string | null;
  readonly #ca: string | null;

  /** Throws a TypeError for an invalid server URL. */
  constructor(options: ClientOptions = {}) {
    const { serverUrl, authorization } = serverAddress(options.serverUrl ?? 'http://localhost:3000', options.token);
    this.serverUrl = serverUrl;
    this.#authorization = authorization;
    this.#ca = options.ca ?? null;
    const connection = new HttpConnection({ serverUrl, authorization, ca: this.#ca, userAgent: USER_AGENT });
    this.#calls = new Calls(connection, serverUrl, options.timeoutMs ?? 30_000);
  }

  /** The version of the server. This call needs no token. */
  async serverVersion(): Promise<string> {
    return ((await this.#calls.get('/api/session')) as { version: string }).version;
  }

  /**
   * Stores a definition: the text of a workflow file (YAML or JSON), or `{name, trigger, jobs}` as an object. Retries
   * of this client, and calls with the same `requestId`, create only one workflow.
   */
  async createWorkflow(definition: string | object, options: CreateOptions = {}): Promise<Workflow> {
    const isText = typeof definition === 'string';
    const body = isText ? definition : JSON.stringify(definition);
    const contentType = isText ? 'application/yaml' : 'application/json';
    const path = `/api/workflows${query({ request_id: options.requestId ?? randomUUID() })}`;
    return (await this.#calls.make({ method: 'POST', path, body, contentType })) as Workflow;
  }

  /** The workflows by id, each with the state of its newest run. */
  async workflows(options: ListWorkflowsOptions = {}): Promise<readonly Workflow[]> {
    const { limit, offset, status } = options;
    return (await this.#calls.get(`/api/workflows${query({ limit, offset, status })}`)) as readonly Workflow[];
  }

  /** Iterates over all workflows from the offset; pages of `limit` workflows are fetched on demand. */
  allWorkflows(options: ListWorkflowsOptions = {}): AsyncGenerator<Workflow, void> {
    return allWorkflows(this.#calls, options);
  }

  /** The workflow with the states of its jobs. */
  async status(id: string): Promise<Workflow> {
    return (await this.#calls.get(`${workflowPath(id)}/status`)) as Workflow;
  }

  /** A run with the children of one of its jobs as its jobs, in order: all of them, or a page. */
  async childrenOf(id: string, job: string, page: { offset?: number; limit?: number } = {}): Promise<Workflow> {
    return await readChildren(this.#calls, id, job, page);
  }

  /** Starts a run of the workflow's current definition and returns its id. */
  async runWorkflow(id: string, options: RunOptions = {}): Promise<string> {
    return (await this.startRun(id, options)).run_id;
  }

  /** Starts a run of the workflow's current definition; returns its id, and the server's warning if there is one. */
  async startRun(id: string, options: RunOptions = {}): Promise<StartedRun> {
    const body = { inputs: options.inputs ?? {}, request_id: options.requestId ?? randomUUID() };
    const answer = (await this.#calls.post(`${workflowPath(id)}/run`, body)) as Partial<StartedRun>;
    return { run_id: answer.run_id ?? '', warning: answer.warning ?? null };
  }

  /** The inputs that the current definition of a workflow, or of a run's workflow, declares. */
  async workflowInputs(id: string): Promise<WorkflowInputs> {
    return (await this.#calls.get(`${workflowPath(id)}/inputs`)) as WorkflowInputs;
  }

  /** Runs, newest first. */
  async runs(options: ListRunsOptions = {}): Promise<RunPage> {
    const { workflow, state, limit, pageToken } = options;
    return (await this.#calls.get(`/api/runs${query({ workflow, state, limit, page_token: pageToken })}`)) as RunPage;
  }

  /** Iterates over all runs, newest first; pages are fetched on demand. */
  allRuns(options: Omit<ListRunsOptions, 'pageToken'> = {}): AsyncGenerator<Run, void> {
    return allOf(async (page) => {
      const { runs, next_page_token } = await this.runs({ ...options, ...page });
      return [runs, next_page_token];
    });
  }

  /** Concurrency groups in use, by name. */
  async gates(options: ListGatesOptions = {}): Promise<GatePage> {
    const { prefix, limit, pageToken } = options;
    return (await this.#calls.get(`/api/gates${query({ prefix, limit, page_token: pageToken })}`)) as GatePage;
  }

  /** The schedules of workflows, with the next time of each and the outcome of its last time. */
  async schedules(options: ListSchedulesOptions = {}): Promise<SchedulePage> {
    const { workflow, limit, pageToken } = options;
    return (await this.#calls.get(
      `/api/schedules${query({ workflow, limit, page_token: pageToken })}`,
    )) as SchedulePage;
  }

  /** Iterates over all schedules; pages are fetched on demand. */
  allSchedules(options: Omit<ListSchedulesOptions, 'pageToken'> = {}): AsyncGenerator<Schedule, void> {
    return allOf(async (page) => {
      const { schedules, next_page_token } = await this.schedules({ ...options, ...page });
      return [schedules, next_page_token];
    });
  }

  /** The text of a version of a workflow's definition; of the current one without a number. */
  async definition(workflow: string, version?: number): Promise<Definition> {
    return (await this.#calls.get(`${workflowPath(workflow)}/definition${query({ version })}`)) as Definition;
  }

  /** The versions of a workflow's definition, newest first. */
  async versions(workflow: string, options: ListVersionsOptions = {}): Promise<VersionPage> {
    const { limit, pageToken } = options;
    return (await this.#calls.get(
      `${workflowPath(workflow)}/versions${query({ limit, page_token: pageToken })}`,
    )) as VersionPage;
  }

  /** Iterates over all versions, newest first; pages are fetched on demand. */
  allVersions(workflow: string): AsyncGenerator<DefinitionVersion, void> {
    return allOf(async (page) => {
      const { versions, next_page_token } = await this.versions(workflow, page);
      return [versions, next_page_token];
    });
  }

  /** Pauses a schedule: until it is resumed it starts no runs, and it does not catch up on missed times. */
  async pauseSchedule(workflow: string, schedule: string, reason = ''): Promise<Schedule> {
    return (await this.#calls.post(`${schedulePath(workflow, schedule)}/pause`, { reason })) as Schedule;
  }

  /** Resumes a paused schedule at its next time. */
  async resumeSchedule(workflow: string, schedule: string): Promise<Schedule> {
    return (await this.#calls.post(`${schedulePath(workflow, schedule)}/resume`, {})) as Schedule;
  }

  /** Starts runs for past times of a schedule; with `dryRun`, only counts them. */
  async createBackfill(workflow: string, schedule: string, options: BackfillOptions): Promise<Backfill> {
    const { fromMs, toMs, maxLive, order, again, dryRun } = options;
    const body = { schedule, from_ms: fromMs, to_ms: toMs, max_live: maxLive, order, again, dry_run: dryRun };
    return (await this.#calls.post(`${workflowPath(workflow)}/backfills`, body)) as Backfill;
  }

  /** The newest 100 backfills of a workflow, the newest first. */
  async backfills(workflow: string): Promise<Backfill[]> {
    return (await this.#calls.get(`${workflowPath(workflow)}/backfills`)) as Backfill[];
  }

  /** Cancels a backfill: it starts no more runs; those that it started continue. */
  async cancelBackfill(workflow: string, id: string): Promise<Backfill> {
    const path = `${workflowPath(workflow)}/backfills/${encodeURIComponent(id)}`;
    return (await this.#calls.make({ method: 'DELETE', path })) as Backfill;
  }

  /**
   * Pauses a workflow, a run or a label until it is resumed; a label needs a token with the scope admin. What is paused
   * already keeps its pause.
   */
  async pause(kind: PauseKind, subject: string, reason = ''): Promise<Pause> {
    return (await this.#calls.post('/api/pauses', { [kind]: subject, reason })) as Pause;
  }

  /** Ends a pause; does nothing when there is none. */
  async resume(kind: PauseKind, subject: string): Promise<void> {
    await this.#calls.make({ method: 'DELETE', path: `/api/pauses${query({ [kind]: subject })}` });
  }

  /** All pauses of workflows, runs and labels. */
  async pauses(): Promise<Pause[]> {
    return ((await this.#calls.get('/api/pauses')) as { pauses: Pause[] }).pauses;
  }

  /**
   * Sets a variable that expressions read as `vars.NAME`: of the server, or of one workflow, where it wins. Runs that have
   * started keep the values that they started with.
   */
  async setVariable(name: string, value: string, options: VariableOptions = {}): Promise<Variable> {
    const body = JSON.stringify({ value, workflow: options.workflow ?? '' });
    return (await this.#calls.make({ method: 'PUT', path: variablePath(name), body })) as Variable;
  }

  async deleteVariable(name: string, options: VariableOptions = {}): Promise<void> {
    await this.#calls.make({ method: 'DELETE', path: `${variablePath(name)}${query({ workflow: options.workflow })}` });
  }

  async variable(name: string, options: VariableOptions = {}): Promise<Variable> {
    return (await this.#calls.get(`${variablePath(name)}${query({ workflow: options.workflow })}`)) as Variable;
  }

  /** Variables by name: those of the server first, then those of each workflow. */
  async variables(options: ListVariablesOptions = {}): Promise<VariablePage> {
    const { workflow, limit, pageToken } = options;
    return (await this.#calls.get(
      `/api/variables${query({ workflow, limit, page_token: pageToken })}`,
    )) as VariablePage;
  }

  /** Iterates over all variables; pages are fetched on demand. */
  allVariables(options: Omit<ListVariablesOptions, 'pageToken'> = {}): AsyncGenerator<Variable, void> {
    return allOf(async (page) => {
      const { variables, next_page_token } = await this.variables({ ...options, ...page });
      return [variables, next_page_token];
    });
  }

  /** The jobs that wait for a worker, by required labels; labels that no live worker has come first. */
  async queue(): Promise<Queue> {
    return (await this.#calls.get('/api/queue')) as Queue;
  }

  /**
   * The audit log, newest first: tokens and workflows created, runs started and cancelled. The token needs the scope
   * `admin`.
   */
  async audit(options: ListAuditOptions = {}): Promise<AuditPage> {
    const { action, subject, limit, pageToken } = options;
    return (await this.#calls.get(
      `/api/audit${query({ action, subject, limit, page_token: pageToken })}`,
    )) as AuditPage;
  }

  /**
   * Cancels a run and returns its id, or the empty string for a workflow that has not run. Jobs that have not started
   * end, and workers are asked to stop running jobs. Repeating the call changes nothing.
   */
  async cancel(id: string, options: CancelOptions = {}): Promise<string> {
    const body = { force: options.force ?? false, request_id: options.requestId ?? randomUUID() };
    const answer = await this.#calls.post(`${workflowPath(id)}/cancel`, body);
    return (answer as { run_id: string }).run_id;
  }

  /**
   * Runs jobs of a run again, in the same run: all failed and cancelled jobs, or the named ones, and all jobs that need
   * them. The outputs of the other jobs are kept.
   *
   * @throws WorkflowGraphError with the status 409 and the reason `job_running` or `dependant_running` if a running job
   * prevents it
   */
  async rerun(id: string, options: RerunOptions): Promise<RerunAnswer> {
    const body = {
      failed: options.failed ?? false,
      jobs: options.jobs ?? [],
      dependants: options.dependants ?? true,
      force: options.force ?? false,
      dry_run: options.dryRun ?? false,
      request_id: options.requestId ?? randomUUID(),
    };
    return (await this.#calls.post(`${workflowPath(id)}/rerun`, body)) as RerunAnswer;
  }

  /**
   * Removes a workflow from the list, so it can no longer be started; its runs stay until they are pruned. The server
   * refuses to remove a workflow that comes from a file.
   */
  async removeWorkflow(id: string): Promise<void> {
    await this.#calls.make({ method: 'DELETE', path: workflowPath(id) });
  }

  /**
   * Explains the state of a job: what it waits for, why it was retried, skipped or cancelled, how it failed. With an attempt,
   * `attempts` has that one alone, with the whole of its error text.
   */
  async explain(id: string, jobId: string, { attempt }: { readonly attempt?: number } = {}): Promise<JobExplanation> {
    return (await this.#calls.get(`${jobPath(id, jobId)}/why${query({ attempt })}`)) as JobExplanation;
  }

  /** One job of a run: what its definition says, its state, its steps and its attempts. */
  async job(id: string, jobId: string): Promise<JobDetails> {
    return (await this.#calls.get(runJobPath(id, jobId))) as JobDetails;
  }

  /** The stored log of a job: all attempts in order, or one. */
  async logs(id: string, jobId: string, options: LogOptions = {}): Promise<readonly LogChunk[]> {
    return await readJobLog(this.#calls, id, jobId, options);
  }

  /**
   * Follows a job's log: first the stored part, then live, until the job has ended. After a broken connection or a
   * server restart it resumes where it was.
   */
  followLogs(id: string, jobId: string, options: FollowOptions = {}): AsyncGenerator<LogChunk, void> {
    return followJobLog(this.#calls, id, jobId, options);
  }

  /**
   * Follows the changes of a run to its end, or of all runs with an empty id. The first change has the state before the
   * first event. After a broken connection it resumes after the last event, without a gap or a repeat.
   *
   * This uses gRPC, which does not work through a proxy that supports only HTTP/1.1.
   */
  async *watch(id = '', options: WatchOptions = {}): AsyncGenerator<RunChanges, void> {
    // The code of gRPC is larger than everything else here.
    const { watchRuns } = await import('./watch.js');
    yield* watchRuns(
      { serverUrl: this.serverUrl, authorization: this.#authorization, ca: this.#ca, userAgent: USER_AGENT },
      id,
      options,
    );
  }

  /** The workers that the server knows, newest registration first. */
  async workers(options: ListWorkersOptions = {}): Promise<readonly WorkerInfo[]> {
    const { limit, offset } = options;
    return (await this.#calls.get(`/api/workers${query({ limit, offset })}`)) as readonly WorkerInfo[];
  }

  /**
   * Drains a worker: it gets no more jobs, and those that it runs continue. With `stop`, the standalone worker and
   * those of this library end when they run no job. Needs a token with the scope admin.
   */
  async drainWorker(workerId: string, options: DrainOptions = {}): Promise<WorkerDrain> {
    const { stop = false, reason = '' } = options;
    return (await this.#calls.post(drainPath(workerId), { stop, reason })) as WorkerDrain;
  }

  /** Undoes the drain of a worker; does nothing when it is not draining. */
  async undrainWorker(workerId: string): Promise<void> {
    await this.#calls.make({ method: 'DELETE', path: drainPath(workerId) });
  }

  /** Waits until the run has ended and returns its final state. It also waits while the server is unavailable. */
  async wait(id: string, options: WaitOptions = {}): Promise<Workflow> {
    return await waitForEnd(() => this.status(id), options);
  }

  /** Closes the connections. A process can exit without it. */
  close(): void {
    this.#calls.close();
  }
}
