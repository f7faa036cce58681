import type { Claim, Job, LogChunk, WorkerInfo, Workflow } from '@workflow-graph/client';
import { until } from './until.js';

/** A response of a documented path. `body` is the parsed JSON, or the text if it is not JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** The fields of a claim other than the worker's id. */
export interface ClaimWish {
  readonly labels?: readonly string[];
  readonly ttlSecs?: number;
  readonly waitSecs?: number;
}

/** Plain JSON calls to a server, as any HTTP client makes them. */
export class Api {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, token: string | null = null) {
    this.url = url;
    this.#headers = token === null ? {} : { authorization: `Bearer ${token}` };
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const isText = typeof body === 'string';
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...this.#headers,
        ...(body === undefined || isText ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : isText ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
  }

  get(path: string): Promise<Answer> {
    return this.call('GET', path);
  }

  post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call('POST', path, body, headers);
  }

  /** Creates a workflow from YAML text or a JSON definition; returns its id. */
  async define(definition: string | object): Promise<string> {
    const type = typeof definition === 'string' ? { 'content-type': 'application/yaml' } : {};
    const answer = await this.post('/api/workflows', definition, type as Record<string, string>);
    return expectStatus<Workflow>(answer, 201).id;
  }

  /** Starts a run of a workflow; returns the run's id. */
  async run(workflow: string, inputs?: Record<string, string>): Promise<string> {
    const answer = await this.post(`/api/workflows/${workflow}/run`, inputs === undefined ? undefined : { inputs });
    return expectStatus<{ run_id: string }>(answer, 202).run_id;
  }

  /** Creates a workflow and starts it; returns the run's id. */
  async start(definition: string | object, inputs?: Record<string, string>): Promise<string> {
    return this.run(await this.define(definition), inputs);
  }

  async status(id: string): Promise<Workflow> {
    return expectStatus(await this.get(`/api/workflows/${id}/status`), 200);
  }

  async cancel(id: string, options?: { readonly force: boolean }): Promise<void> {
    expectStatus(await this.post(`/api/workflows/${id}/cancel`, options), 202);
  }

  async job(run: string, key: string): Promise<Job> {
    const found = (await this.status(run)).jobs.find((job) => job.id === key);
    if (found === undefined) throw new Error(`run ${run} has no job ${key}`);
    return found;
  }

  /** Waits until the run has ended. */
  async ended(run: string, withinMs?: number): Promise<Workflow> {
    let seen = '';
    return until(
      `run ${run} ends`,
      async () => {
        const workflow = await this.status(run);
        seen = workflow.jobs.map((job) => `  ${job.id}: ${job.status}, attempt ${job.attempt}`).join('\n');
        return workflow.ended_at_ms !== null && workflow;
      },
      { describe: () => seen, ...(withinMs === undefined ? {} : { withinMs }) },
    );
  }

  /** Waits until a job is in one of these states. */
  async jobIs(run: string, key: string, ...states: readonly Job['status'][]): Promise<Job> {
    let seen = '';
    return until(
      `job ${key} of run ${run} is ${states.join(' or ')}`,
      async () => {
        const job = await this.job(run, key);
        seen = JSON.stringify(job);
        return states.includes(job.status) && job;
      },
      { describe: () => seen },
    );
  }

  async logs(run: string, key: string): Promise<LogChunk[]> {
    return expectStatus(await this.get(`/api/workflows/${run}/jobs/${key}/logs`), 200);
  }

  /** Everything that a job has printed so far: both streams, all attempts. */
  async logText(run: string, key: string): Promise<string> {
    return (await this.logs(run, key)).map((chunk) => chunk.data).join('');
  }

  /** Waits until the output of a job matches a pattern. */
  logMatch(run: string, key: string, pattern: RegExp): Promise<RegExpExecArray> {
    return until(`job ${key} of run ${run} logs ${pattern}`, async () => pattern.exec(await this.logText(run, key)));
  }

  async workers(): Promise<WorkerInfo[]> {
    return expectStatus(await this.get('/api/workers'), 200);
  }

  async claim(workerId: string, wish: ClaimWish = {}): Promise<Claim | null> {
    const answer = await this.post('/api/jobs/claim', {
      worker_id: workerId,
      labels: wish.labels ?? [],
      ...(wish.ttlSecs === undefined ? {} : { lease_ttl_secs: wish.ttlSecs }),
      ...(wish.waitSecs === undefined ? {} : { wait_secs: wish.waitSecs }),
    });
    return expectStatus(answer, 200);
  }

  /** Claims a job and fails if none arrives; waits while none is claimable. */
  async claimed(workerId: string, wish: ClaimWish = {}): Promise<Claim> {
    return until(`worker ${workerId} gets a job`, () => this.claim(workerId, { waitSecs: 30, ...wish }));
  }

  complete(claim: Claim, outputs?: Record<string, string>): Promise<Answer> {
    return this.post(`/api/jobs/${claim.lease.lease_id}/complete`, outputs === undefined ? {} : { outputs });
  }

  fail(claim: Claim, error: string, retryable?: boolean): Promise<Answer> {
    return this.post(`/api/jobs/${claim.lease.lease_id}/fail`, {
      error,
      ...(retryable === undefined ? {} : { retryable }),
    });
  }

  heartbeat(claim: Claim): Promise<Answer> {
    return this.post(`/api/jobs/${claim.lease.lease_id}/heartbeat`);
  }

  pushLogs(claim: Claim, ...lines: readonly string[]): Promise<Answer> {
    return this.post(`/api/jobs/${claim.lease.lease_id}/logs`, {
      chunks: lines.map((data, i) => chunk(claim, i, data)),
    });
  }
}

/** A chunk of stdout as a worker sends it. */
export function chunk(claim: Claim, sequence: number, data: string): LogChunk {
  const { workflow_id, job_id } = claim.job;
  return { workflow_id, job_id, sequence, data, timestamp_ms: 1_700_000_000_000 + sequence, stream: 'stdout' };
}

/** Returns the body of a response and fails if its status differs. */
export function expectStatus<T>(answer: Answer, status: number): T {
  if (answer.status === status) return answer.body as T;
  throw new Error(`status ${answer.status} instead of ${status}: ${JSON.stringify(answer.body)}`);
}

/** The state of each job by its key. */
export function states(workflow: Workflow): Record<string, Job['status']> {
  return Object.fromEntries(workflow.jobs.map((job) => [job.id, job.status]));
}
