import { randomUUID } from 'node:crypto';
import { isTemporary } from './errors.js';
import { asUnreachable, call, errorOfAnswer } from './http/answer.js';
import { HttpConnection, type HttpRequest } from './http/connection.js';
import { readEvents } from './http/server-sent-events.js';
import { USER_AGENT } from './http/user-agent.js';
import { sleep } from './sleep.js';
import { type RunChanges, type WatchOptions, watchRuns } from './watch.js';
import type {
  AuditPage,
  JobExplanation,
  JobStatus,
  LogChunk,
  Run,
  RunPage,
  RunState,
  WorkerInfo,
  Workflow,
} from './wire.js';

export interface ClientOptions {
  /** `http://localhost:3000` when absent. */
  readonly serverUrl?: string;
  /** A bearer token, when the server wants one. */
  readonly token?: string;
  /** Certificates (PEM) of the authorities that may vouch for an `https://` server; those that Node.js trusts when absent. */
  readonly ca?: string;
  /** How long one call may take; 30000 when absent. */
  readonly timeoutMs?: number;
}

export interface ListWorkflowsOptions {
  /** At most 1000; 100 when absent. */
  readonly limit?: number;
  readonly offset?: number;
  /** Only workflows with a job in this state. */
  readonly status?: JobStatus;
}

export interface ListRunsOptions {
  /** Only runs of this workflow. */
  readonly workflow?: string;
  readonly state?: RunState;
  /** At most 1000; 100 when absent. */
  readonly limit?: number;
  /** The `next_page_token` of the page before. */
  readonly pageToken?: string;
}

export interface ListAuditOptions {
  /** Only this action, such as `run.started`. */
  readonly action?: string;
  /** Only what was done to the token, workflow or run with this id. */
  readonly subject?: string;
  /** At most 1000; 100 when absent. */
  readonly limit?: number;
  /** The `next_page_token` of the page before. */
  readonly pageToken?: string;
}

export interface ListWorkersOptions {
  /** At most 1000; 1000 when absent. */
  readonly limit?: number;
  readonly offset?: number;
}

export interface RunOptions {
  /** Handed to every job of the run. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** The same id starts the same run, however often it is sent; a random one when absent. */
  readonly requestId?: string;
}

export interface LogOptions {
  /** Only this attempt. */
  readonly attempt?: number;
  /** At most this many chunks; 10000 when absent, which is also the most. */
  readonly limit?: number;
  /** Only what comes after this chunk: the last one of the answer before. */
  readonly after?: Pick<LogChunk, 'attempt' | 'sequence' | 'stream'>;
}

export interface FollowOptions {
  /** Only this attempt. */
  readonly attempt?: number;
  /** Ends the following. */
  readonly signal?: AbortSignal;
}

export interface WaitOptions {
  /** How often to look, in milliseconds; 500 when absent. */
  readonly intervalMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/**
 * Creates workflows, starts runs and looks at them. Where a method takes `id`, that is the id of a run, or of a
 * workflow, which then means its newest run.
 *
 * Every method throws a WorkflowGraphError when the server says no, and a ServerUnreachableError when nobody answers.
 */
export class Client {
  readonly serverUrl: string;
  readonly #connection: HttpConnection;
  readonly #timeoutMs: number;
  readonly #token: string | null;
  readonly #ca: string | null;

  /** Throws a TypeError when the URL is not one of a server. */
  constructor(options: ClientOptions = {}) {
    this.serverUrl = (options.serverUrl ?? 'http://localhost:3000').replace(/\/+$/, '');
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#token = options.token ?? null;
    this.#ca = options.ca ?? null;
    this.#connection = new HttpConnection({
      serverUrl: this.serverUrl,
      token: this.#token,
      ca: this.#ca,
      userAgent: USER_AGENT,
    });
  }

  /** Stores a definition: the text of a workflow file (YAML or JSON), or `{name, trigger, jobs}` as an object. */
  async createWorkflow(definition: string | object): Promise<Workflow> {
    const isText = typeof definition === 'string';
    const body = isText ? definition : JSON.stringify(definition);
    const contentType = isText ? 'application/yaml' : 'application/json';
    return (await this.#call({ method: 'POST', path: '/api/workflows', body, contentType })) as Workflow;
  }

  /** The workflows by id, each with the state of its newest run. */
  async workflows(options: ListWorkflowsOptions = {}): Promise<readonly Workflow[]> {
    const { limit, offset, status } = options;
    return (await this.#get(`/api/workflows${query({ limit, offset, status })}`)) as readonly Workflow[];
  }

  /** All workflows, page by page as they are asked for. */
  async *allWorkflows(options: Omit<ListWorkflowsOptions, 'offset'> = {}): AsyncGenerator<Workflow, void> {
    const limit = options.limit ?? 100;
    for (let offset = 0; ; offset += limit) {
      const page = await this.workflows({ ...options, limit, offset });
      yield* page;
      if (page.length < limit) return;
    }
  }

  /** The workflow with the states of its jobs. */
  async status(id: string): Promise<Workflow> {
    return (await this.#get(`/api/workflows/${encodeURIComponent(id)}/status`)) as Workflow;
  }

  /** Starts a run of the workflow's current definition, and gives its id. */
  async runWorkflow(id: string, options: RunOptions = {}): Promise<string> {
    const body = { inputs: options.inputs ?? {}, request_id: options.requestId ?? randomUUID() };
    const answer = await this.#post(`/api/workflows/${encodeURIComponent(id)}/run`, body);
    return (answer as { run_id: string }).run_id;
  }

  /** Runs, newest first. */
  async runs(options: ListRunsOptions = {}): Promise<RunPage> {
    const { workflow, state, limit, pageToken } = options;
    return (await this.#get(`/api/runs${query({ workflow, state, limit, page_token: pageToken })}`)) as RunPage;
  }

  /** All runs, newest first, page by page as they are asked for. */
  async *allRuns(options: Omit<ListRunsOptions, 'pageToken'> = {}): AsyncGenerator<Run, void> {
    let pageToken = '';
    do {
      const page = await this.runs({ ...options, ...(pageToken === '' ? {} : { pageToken }) });
      yield* page.runs;
      pageToken = page.next_page_token;
    } while (pageToken !== '');
  }

  /** Who made tokens and workflows, and started and cancelled runs, newest first. The token needs the scope `admin`. */
  async audit(options: ListAuditOptions = {}): Promise<AuditPage> {
    const { action, subject, limit, pageToken } = options;
    return (await this.#get(`/api/audit${query({ action, subject, limit, page_token: pageToken })}`)) as AuditPage;
  }

  /** Cancels a run: what has not started ends, and the workers of what has are told. Gives the run's id. */
  async cancel(id: string): Promise<string> {
    const answer = await this.#post(`/api/workflows/${encodeURIComponent(id)}/cancel`, {});
    return (answer as { run_id: string }).run_id;
  }

  /** Why a job is in the state that it is in: what it waits for, why it was retried, skipped or cancelled, how it failed. */
  async explain(id: string, jobId: string): Promise<JobExplanation> {
    const path = `/api/workflows/${encodeURIComponent(id)}/jobs/${encodeURIComponent(jobId)}/why`;
    return (await this.#get(path)) as JobExplanation;
  }

  /** The stored log of a job: all attempts in order, or one. */
  async logs(id: string, jobId: string, options: LogOptions = {}): Promise<readonly LogChunk[]> {
    const { attempt, limit } = options;
    const after = options.after === undefined ? undefined : positionOf(options.after);
    return (await this.#get(`${logsPath(id, jobId)}${query({ attempt, limit, after })}`)) as readonly LogChunk[];
  }

  /**
   * A job's log as it grows: what is stored, then live, until the job has ended. A connection that breaks, and a server
   * that stops, are waited for, and it goes on where it was.
   */
  async *followLogs(id: string, jobId: string, options: FollowOptions = {}): AsyncGenerator<LogChunk, void> {
    const { attempt, signal } = options;
    let lastEventId: string | null = null;
    let wasThere = false;
    for (;;) {
      const request: HttpRequest = {
        method: 'GET',
        path: `${logsPath(id, jobId)}/stream${query({ attempt })}`,
        timeoutMs: this.#timeoutMs,
        headers: { accept: 'text/event-stream', ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }) },
        ...(signal ? { signal } : {}),
      };
      try {
        for await (const event of readEvents(this.#stream(request))) {
          wasThere = true;
          if (event.name === 'end') return;
          if (event.name !== 'log') continue;
          yield JSON.parse(event.data) as LogChunk;
          lastEventId = event.id ?? lastEventId;
        }
        // The log has an end only where it says so: a server that stops ends the stream as well.
        wasThere = true;
      } catch (error) {
        if (signal?.aborted || !wasThere || !isTemporary(error)) throw error;
      }
      await sleep(500, signal);
      signal?.throwIfAborted();
    }
  }

  /**
   * Follows the changes of a run, to its end; or of all runs, with an empty id. The first change has the state before
   * the first event. A connection that breaks is made again and goes on after the last event, with no gap and no repeat.
   *
   * This goes over gRPC, which a proxy that speaks HTTP/1.1 alone does not let through.
   */
  watch(id = '', options: WatchOptions = {}): AsyncGenerator<RunChanges, void> {
    return watchRuns(
      { serverUrl: this.serverUrl, token: this.#token, ca: this.#ca, userAgent: USER_AGENT },
      id,
      options,
    );
  }

  /** The workers that the server knows, newest registration first. */
  async workers(options: ListWorkersOptions = {}): Promise<readonly WorkerInfo[]> {
    const { limit, offset } = options;
    return (await this.#get(`/api/workers${query({ limit, offset })}`)) as readonly WorkerInfo[];
  }

  /** Waits until the run has ended, and gives its last state. A server that is away meanwhile is waited for. */
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

  /** Ends the connections. A process can end without it. */
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

  async *#stream(request: HttpRequest): AsyncGenerator<Buffer> {
    try {
      const answer = await this.#connection.stream(request);
      const status = answer.statusCode ?? 0;
      if (status !== 200)
        throw errorOfAnswer({ status, text: Buffer.concat(await answer.toArray()).toString() }, request);
      yield* answer;
    } catch (error) {
      throw error instanceof Error && error.name === 'WorkflowGraphError'
        ? error
        : asUnreachable(error, this.serverUrl);
    }
  }
}

function positionOf({ attempt = 0, sequence, stream }: NonNullable<LogOptions['after']>): string {
  return `${attempt}.${sequence}.${stream}`;
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
