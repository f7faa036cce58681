import { randomUUID } from 'node:crypto';
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
  ListWorkersOptions,
  ListWorkflowsOptions,
  LogOptions,
  RerunOptions,
  RunOptions,
  VariableOptions,
  WaitOptions,
} from './client-options.js';
import { isTemporary } from './errors.js';
import { asUnreachable, call, callForPage, errorOfAnswer } from './http/answer.js';
import { HttpConnection, type HttpRequest } from './http/connection.js';
import { readEvents } from './http/server-sent-events.js';
import { USER_AGENT } from './http/user-agent.js';
import { serverAddress } from './server-address.js';
import { sleep } from './sleep.js';
import type { RunChanges, WatchOptions } from './watch.js';
import type {
  AuditPage,
  Backfill,
  GatePage,
  Job,
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
  WorkerDrain,
  WorkerInfo,
  Workflow,
  WorkflowInputs,
} from './wire.js';

/** How many children the server gives at once. */
const CHILDREN_PER_PAGE = 1_000;

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
  readonly #connection: HttpConnection;
  readonly #timeoutMs: number;
  readonly #authorization: string | null;
  readonly #ca: string | null;

  /** Throws a TypeError for an invalid server URL. */
  constructor(options: ClientOptions = {}) {
    const { serverUrl, authorization } = serverAddress(options.serverUrl ?? 'http://localhost:3000', options.token);
    this.serverUrl = serverUrl;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#authorization = authorization;
    this.#ca = options.ca ?? null;
    this.#connection = new HttpConnection({
      serverUrl: this.serverUrl,
      authorization,
      ca: this.#ca,
      userAgent: USER_AGENT,
    });
  }

  /** The version of the server. This call needs no token. */
  async serverVersion(): Promise<string> {
    return ((await this.#get('/api/session')) as { version: string }).version;
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
    return (await this.#call({ method: 'POST', path, body, contentType })) as Workflow;
  }

  /** The workflows by id, each with the state of its newest run. */
  async workflows(options: ListWorkflowsOptions = {}): Promise<readonly Workflow[]> {
    const { limit, offset, status } = options;
    return (await this.#get(`/api/workflows${query({ limit, offset, status })}`)) as readonly Workflow[];
  }

  /** Iterates over all workflows from the offset; pages of `limit` workflows are fetched on demand. */
  async *allWorkflows(options: ListWorkflowsOptions = {}): AsyncGenerator<Workflow, void> {
    const limit = options.limit ?? 100;
    for (let offset = options.offset ?? 0; ; ) {
      const path = `/api/workflows${query({ limit, offset, status: options.status })}`;
      const request: HttpRequest = { method: 'GET', path, timeoutMs: this.#timeoutMs };
      const { value, nextOffset } = await callForPage(this.#connection, this.serverUrl, request);
      const page = value as readonly Workflow[];
      yield* page;
      // A page with very many jobs is shorter, and has the offset of the next page. Older servers do not send it.
      if (nextOffset === null && page.length < limit) return;
      offset = nextOffset ?? offset + limit;
    }
  }

  /** The workflow with the states of its jobs. */
  async status(id: string): Promise<Workflow> {
    return (await this.#get(`/api/workflows/${encodeURIComponent(id)}/status`)) as Workflow;
  }

  /** A run with the children of one of its jobs as its jobs, in order: all of them, or a page. */
  async childrenOf(id: string, job: string, page: { offset?: number; limit?: number } = {}): Promise<Workflow> {
    const { offset: first = 0, limit } = page;
    const path = `/api/workflows/${encodeURIComponent(id)}/status`;
    const jobs: Job[] = [];
    for (;;) {
      const left = limit === undefined ? CHILDREN_PER_PAGE : Math.min(limit - jobs.length, CHILDREN_PER_PAGE);
      const asked = query({ children: job, limit: left, offset: first + jobs.length });
      const workflow = (await this.#get(`${path}${asked}`)) as Workflow;
      jobs.push(...workflow.jobs);
      if (workflow.jobs.length < CHILDREN_PER_PAGE || jobs.length === limit) return { ...workflow, jobs };
    }
  }

  /** Starts a run of the workflow's current definition and returns its id. */
  async runWorkflow(id: string, options: RunOptions = {}): Promise<string> {
    return (await this.startRun(id, options)).run_id;
  }

  /** Starts a run of the workflow's current definition; returns its id, and the server's warning if there is one. */
  async startRun(id: string, options: RunOptions = {}): Promise<StartedRun> {
    const body = { inputs: options.inputs ?? {}, request_id: options.requestId ?? randomUUID() };
    const answer = (await this.#post(`/api/workflows/${encodeURIComponent(id)}/run`, body)) as Partial<StartedRun>;
    return { run_id: answer.run_id ?? '', warning: answer.warning ?? null };
  }

  /** The inputs that the current definition of a workflow, or of a run's workflow, declares. */
  async workflowInputs(id: string): Promise<WorkflowInputs> {
    return (await this.#get(`/api/workflows/${encodeURIComponent(id)}/inputs`)) as WorkflowInputs;
  }

  /** Runs, newest first. */
  async runs(options: ListRunsOptions = {}): Promise<RunPage> {
    const { workflow, state, limit, pageToken } = options;
    return (await this.#get(`/api/runs${query({ workflow, state, limit, page_token: pageToken })}`)) as RunPage;
  }

  /** Iterates over all runs, newest first; pages are fetched on demand. */
  async *allRuns(options: Omit<ListRunsOptions, 'pageToken'> = {}): AsyncGenerator<Run, void> {
    let pageToken = '';
    do {
      const page = await this.runs({ ...options, ...(pageToken === '' ? {} : { pageToken }) });
      yield* page.runs;
      pageToken = page.next_page_token;
    } while (pageToken !== '');
  }

  /** Concurrency groups in use, by name. */
  async gates(options: ListGatesOptions = {}): Promise<GatePage> {
    const { prefix, limit, pageToken } = options;
    return (await this.#get(`/api/gates${query({ prefix, limit, page_token: pageToken })}`)) as GatePage;
  }

  /** The schedules of workflows, with the next time of each and the outcome of its last time. */
  async schedules(options: ListSchedulesOptions = {}): Promise<SchedulePage> {
    const { workflow, limit, pageToken } = options;
    return (await this.#get(`/api/schedules${query({ workflow, limit, page_token: pageToken })}`)) as SchedulePage;
  }

  /** Iterates over all schedules; pages are fetched on demand. */
  async *allSchedules(options: Omit<ListSchedulesOptions, 'pageToken'> = {}): AsyncGenerator<Schedule, void> {
    let pageToken = '';
    do {
      const page = await this.schedules({ ...options, ...(pageToken === '' ? {} : { pageToken }) });
      yield* page.schedules;
      pageToken = page.next_page_token;
    } while (pageToken !== '');
  }

  /** Pauses a schedule: until it is resumed it starts no runs, and it does not catch up on missed times. */
  async pauseSchedule(workflow: string, schedule: string, reason = ''): Promise<Schedule> {
    return (await this.#post(`${schedulePath(workflow, schedule)}/pause`, { reason })) as Schedule;
  }

  /** Resumes a paused schedule at its next time. */
  async resumeSchedule(workflow: string, schedule: string): Promise<Schedule> {
    return (await this.#post(`${schedulePath(workflow, schedule)}/resume`, {})) as Schedule;
  }

  /** Starts runs for past times of a schedule; with `dryRun`, only counts them. */
  async createBackfill(workflow: string, schedule: string, options: BackfillOptions): Promise<Backfill> {
    const { fromMs, toMs, maxLive, order, again, dryRun } = options;
    const body = { schedule, from_ms: fromMs, to_ms: toMs, max_live: maxLive, order, again, dry_run: dryRun };
    return (await this.#post(`/api/workflows/${encodeURIComponent(workflow)}/backfills`, body)) as Backfill;
  }

  /** The newest 100 backfills of a workflow, the newest first. */
  async backfills(workflow: string): Promise<Backfill[]> {
    return (await this.#get(`/api/workflows/${encodeURIComponent(workflow)}/backfills`)) as Backfill[];
  }

  /** Cancels a backfill: it starts no more runs; those that it started continue. */
  async cancelBackfill(workflow: string, id: string): Promise<Backfill> {
    const path = `/api/workflows/${encodeURIComponent(workflow)}/backfills/${encodeURIComponent(id)}`;
    return (await this.#call({ method: 'DELETE', path })) as Backfill;
  }

  /**
   * Pauses a workflow, a run or a label until it is resumed; a label needs a token with the scope admin. What is paused
   * already keeps its pause.
   */
  async pause(kind: PauseKind, subject: string, reason = ''): Promise<Pause> {
    return (await this.#post('/api/pauses', { [kind]: subject, reason })) as Pause;
  }

  /** Ends a pause; does nothing when there is none. */
  async resume(kind: PauseKind, subject: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: `/api/pauses${query({ [kind]: subject })}` });
  }

  /** All pauses of workflows, runs and labels. */
  async pauses(): Promise<Pause[]> {
    return ((await this.#get('/api/pauses')) as { pauses: Pause[] }).pauses;
  }

  /**
   * Sets a variable that expressions read as `vars.NAME`: of the server, or of one workflow, where it wins. Runs that have
   * started keep the values that they started with.
   */
  async setVariable(name: string, value: string, options: VariableOptions = {}): Promise<Variable> {
    const body = JSON.stringify({ value, workflow: options.workflow ?? '' });
    return (await this.#call({ method: 'PUT', path: variablePath(name), body })) as Variable;
  }

  async deleteVariable(name: string, options: VariableOptions = {}): Promise<void> {
    await this.#call({ method: 'DELETE', path: `${variablePath(name)}${query({ workflow: options.workflow })}` });
  }

  async variable(name: string, options: VariableOptions = {}): Promise<Variable> {
    return (await this.#get(`${variablePath(name)}${query({ workflow: options.workflow })}`)) as Variable;
  }

  /** Variables by name: those of the server first, then those of each workflow. */
  async variables(options: ListVariablesOptions = {}): Promise<VariablePage> {
    const { workflow, limit, pageToken } = options;
    return (await this.#get(`/api/variables${query({ workflow, limit, page_token: pageToken })}`)) as VariablePage;
  }

  /** Iterates over all variables; pages are fetched on demand. */
  async *allVariables(options: Omit<ListVariablesOptions, 'pageToken'> = {}): AsyncGenerator<Variable, void> {
    let pageToken = '';
    do {
      const page = await this.variables({ ...options, ...(pageToken === '' ? {} : { pageToken }) });
      yield* page.variables;
      pageToken = page.next_page_token;
    } while (pageToken !== '');
  }

  /** The jobs that wait for a worker, by required labels; labels that no live worker has come first. */
  async queue(): Promise<Queue> {
    return (await this.#get('/api/queue')) as Queue;
  }

  /**
   * The audit log, newest first: tokens and workflows created, runs started and cancelled. The token needs the scope
   * `admin`.
   */
  async audit(options: ListAuditOptions = {}): Promise<AuditPage> {
    const { action, subject, limit, pageToken } = options;
    return (await this.#get(`/api/audit${query({ action, subject, limit, page_token: pageToken })}`)) as AuditPage;
  }

  /**
   * Cancels a run and returns its id, or the empty string for a workflow that has not run. Jobs that have not started
   * end, and workers are asked to stop running jobs. Repeating the call changes nothing.
   */
  async cancel(id: string, options: CancelOptions = {}): Promise<string> {
    const body = { force: options.force ?? false, request_id: options.requestId ?? randomUUID() };
    const answer = await this.#post(`/api/workflows/${encodeURIComponent(id)}/cancel`, body);
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
    return (await this.#post(`/api/workflows/${encodeURIComponent(id)}/rerun`, body)) as RerunAnswer;
  }

  /**
   * Removes a workflow from the list, so it can no longer be started; its runs stay until they are pruned. The server
   * refuses to remove a workflow that comes from a file.
   */
  async removeWorkflow(id: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: `/api/workflows/${encodeURIComponent(id)}` });
  }

  /**
   * Explains the state of a job: what it waits for, why it was retried, skipped or cancelled, how it failed. With an attempt,
   * `attempts` has that one alone, with the whole of its error text.
   */
  async explain(id: string, jobId: string, { attempt }: { readonly attempt?: number } = {}): Promise<JobExplanation> {
    const path = `/api/workflows/${encodeURIComponent(id)}/jobs/${encodeURIComponent(jobId)}/why`;
    return (await this.#get(`${path}${query({ attempt })}`)) as JobExplanation;
  }

  /** One job of a run: what its definition says, its state, its steps and its attempts. */
  async job(id: string, jobId: string): Promise<JobDetails> {
    return (await this.#get(`/api/runs/${encodeURIComponent(id)}/jobs/${encodeURIComponent(jobId)}`)) as JobDetails;
  }

  /** The stored log of a job: all attempts in order, or one. */
  async logs(id: string, jobId: string, options: LogOptions = {}): Promise<readonly LogChunk[]> {
    const { attempt, limit, tail } = options;
    const after = options.after === undefined ? undefined : positionOf(options.after);
    return (await this.#get(`${logsPath(id, jobId)}${query({ attempt, limit, after, tail })}`)) as readonly LogChunk[];
  }

  /**
   * Follows a job's log: first the stored part, then live, until the job has ended. After a broken connection or a
   * server restart it resumes where it was.
   */
  async *followLogs(id: string, jobId: string, options: FollowOptions = {}): AsyncGenerator<LogChunk, void> {
    const { attempt, tail, after, signal } = options;
    let lastEventId = after === undefined ? null : positionOf(after);
    let wasThere = false;
    for (;;) {
      const request: HttpRequest = {
        method: 'GET',
        path: `${logsPath(id, jobId)}/stream${query({ attempt, tail })}`,
        timeoutMs: this.#timeoutMs,
        headers: { accept: 'text/event-stream', ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }) },
        ...(signal ? { signal } : {}),
      };
      try {
        const pieces = await this.#stream(request);
        // The log has ended, and nothing is left.
        if (pieces === null) return;
        for await (const event of readEvents(pieces)) {
          wasThere = true;
          if (event.name === 'end') return;
          if (event.name !== 'log') continue;
          yield JSON.parse(event.data) as LogChunk;
          lastEventId = event.id ?? lastEventId;
        }
        // Only an explicit end event ends the log: a stopping server ends the stream too.
        wasThere = true;
      } catch (error) {
        if (signal?.aborted || !wasThere || !isTemporary(error)) throw error;
      }
      await sleep(500, signal);
      signal?.throwIfAborted();
    }
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
    return (await this.#get(`/api/workers${query({ limit, offset })}`)) as readonly WorkerInfo[];
  }

  /**
   * Drains a worker: it gets no more jobs, and those that it runs continue. With `stop`, the standalone worker and
   * those of this library end when they run no job. Needs a token with the scope admin.
   */
  async drainWorker(workerId: string, options: DrainOptions = {}): Promise<WorkerDrain> {
    const { stop = false, reason = '' } = options;
    return (await this.#post(drainPath(workerId), { stop, reason })) as WorkerDrain;
  }

  /** Undoes the drain of a worker; does nothing when it is not draining. */
  async undrainWorker(workerId: string): Promise<void> {
    await this.#call({ method: 'DELETE', path: drainPath(workerId) });
  }

  /** Waits until the run has ended and returns its final state. It also waits while the server is unavailable. */
  async wait(id: string, options: WaitOptions = {}): Promise<Workflow> {
    const { intervalMs = 500, signal } = options;
    for (;;) {
      signal?.throwIfAborted();
      try {
        const workflow = await this.status(id);
        if (workflow.state !== null && workflow.state !== 'queued' && workflow.state !== 'running') return workflow;
      } catch (error) {
        if (!isTemporary(error)) throw error;
      }
      await sleep(intervalMs, signal);
    }
  }

  /** Closes the connections. A process can exit without it. */
  close(): void {
    this.#connection.close();
  }

  #get(path: string): Promise<unknown> {
    return this.#call({ method: 'GET', path });
  }

  #post(path: string, body: object): Promise<unknown> {
    return this.#call({ method: 'POST', path, body: JSON.stringify(body) });
  }

  #call(request: Omit<HttpRequest, 'timeoutMs'>): Promise<unknown> {
    return call(this.#connection, this.serverUrl, { ...request, timeoutMs: this.#timeoutMs });
  }

  /** Streams the bytes of a response; null if it has none (204). */
  async #stream(request: HttpRequest): Promise<AsyncIterable<Buffer> | null> {
    const known = (error: unknown) =>
      error instanceof Error && error.name === 'WorkflowGraphError' ? error : asUnreachable(error, this.serverUrl);
    try {
      const answer = await this.#connection.stream(request);
      const status = answer.statusCode ?? 0;
      if (status === 200) return pieces(answer);
      const text = Buffer.concat(await answer.toArray()).toString();
      if (status === 204) return null;
      throw errorOfAnswer({ status, text }, request);
    } catch (error) {
      throw known(error);
    }

    async function* pieces(answer: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      try {
        yield* answer;
      } catch (error) {
        throw known(error);
      }
    }
  }
}

/** Lines of the server have separate streams. */
const systemStreams: Readonly<Record<number, string>> = { 1: 'system-first', 2: 'system-stop', 3: 'system-end' };

function positionOf({ attempt = 0, sequence, stream, system_line }: NonNullable<LogOptions['after']>): string {
  return `${attempt}.${sequence}.${systemStreams[system_line ?? 0] ?? stream}`;
}

function variablePath(name: string): string {
  return `/api/variables/${encodeURIComponent(name)}`;
}

function drainPath(workerId: string): string {
  return `/api/workers/${encodeURIComponent(workerId)}/drain`;
}

function schedulePath(workflow: string, schedule: string): string {
  return `/api/workflows/${encodeURIComponent(workflow)}/schedules/${encodeURIComponent(schedule)}`;
}

function logsPath(id: string, jobId: string): string {
  return `/api/workflows/${encodeURIComponent(id)}/jobs/${encodeURIComponent(jobId)}/logs`;
}

function query(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
