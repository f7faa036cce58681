import { randomUUID } from 'node:crypto';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that the fake took, in order of arrival. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly authorization: string | undefined;
  readonly atMs: number;
}

export interface FakeJob {
  readonly jobId: string;
  readonly command: string;
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface FakeChunk {
  readonly sequence: number;
  readonly data: string;
  readonly stream: 'stdout' | 'stderr';
  readonly timestamp_ms: number;
}

/** What the server knows of one attempt. */
export interface FakeAttempt {
  readonly jobId: string;
  readonly runId: string;
  readonly leaseId: string;
  readonly ttlSecs: number;
  readonly requestId: string | undefined;
  readonly heartbeatsAtMs: number[];
  readonly chunks: Map<number, FakeChunk>;
  /** 409 with this reason to everything under the lease. */
  refuseWith: string | null;
  cancelled: boolean;
  reports: { kind: 'complete' | 'fail' | 'release'; body: Record<string, unknown> }[];
}

interface ParkedClaim {
  readonly body: Record<string, unknown>;
  readonly answer: (value: unknown) => void;
}

/**
 * The outside of a worker: a real HTTP server that speaks the documented JSON paths and remembers what it was sent.
 * It judges nothing but what a test tells it to.
 */
export class FakeServer {
  readonly seen: SeenRequest[] = [];
  readonly attempts: FakeAttempt[] = [];
  /** Tokens that are let in; null lets everyone in. */
  token: string | null = null;
  /** Answers of this status to all requests whose path matches, for as long as it is set. */
  fault: { readonly path: RegExp; readonly status: number; readonly body?: unknown } | null = null;
  /** What happens to the answer of the next claim that grants a job. */
  nextGrant: 'answered' | 'cut' | 'withheld' = 'answered';
  readonly #known = new Set<string>();
  readonly #queue: FakeJob[] = [];
  #parked: ParkedClaim[] = [];
  #server: http.Server | null = null;
  #port = 0;
  #waiters: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, on the port of last time if there was one. */
  async start(): Promise<this> {
    const server = http.createServer((request, response) => void this.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  /** Goes away as a killed process does; what it knows stays. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#parked = [];
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  /** Makes a job claimable. */
  push(command: string, options: { jobId?: string; extra?: Record<string, unknown> } = {}): void {
    const job = { jobId: options.jobId ?? 'job', command, ...(options.extra ? { extra: options.extra } : {}) };
    const parked = this.#parked.shift();
    if (parked) parked.answer(this.#grant(job, parked.body));
    else this.#queue.push(job);
  }

  forgetWorkers(): void {
    this.#known.clear();
  }

  /** Resolves when the condition holds; it is asked after each request and answer. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ holds, resolve }));
  }

  /** Resolves with the attempt when its end was reported. */
  async reported(jobId = 'job'): Promise<FakeAttempt> {
    const find = () => this.attempts.find((attempt) => attempt.jobId === jobId && attempt.reports.length > 0);
    await this.until(() => find() !== undefined);
    return find() as FakeAttempt;
  }

  /** Resolves with the attempt when it was claimed. */
  async claimed(jobId = 'job'): Promise<FakeAttempt> {
    const find = () => this.attempts.find((attempt) => attempt.jobId === jobId);
    await this.until(() => find() !== undefined);
    return find() as FakeAttempt;
  }

  #grant(job: FakeJob, body: Record<string, unknown>): unknown {
    const attempt: FakeAttempt = {
      jobId: job.jobId,
      runId: 'run-1',
      leaseId: `lease-${randomUUID()}`,
      ttlSecs: Number(body.lease_ttl_secs ?? 30),
      requestId: body.request_id as string | undefined,
      heartbeatsAtMs: [],
      chunks: new Map(),
      refuseWith: null,
      cancelled: false,
      reports: [],
    };
    this.attempts.push(attempt);
    return this.#claimAnswer(attempt, job, body);
  }

  #claimAnswer(attempt: FakeAttempt, job: FakeJob, body: Record<string, unknown>): unknown {
    const answer = {
      job: {
        job_id: job.jobId,
        workflow_id: attempt.runId,
        command: job.command,
        required_labels: [],
        retry_policy: { max_retries: 0, backoff: 'None' },
        attempt: 0,
        upstream_outputs: {},
        enqueued_at_ms: 1,
        delayed_until_ms: null,
        workflow: 'ci',
        name: job.jobId,
        ...job.extra,
      },
      lease: {
        lease_id: attempt.leaseId,
        job_id: job.jobId,
        workflow_id: attempt.runId,
        worker_id: body.worker_id,
        ttl_secs: attempt.ttlSecs,
        granted_at_ms: 1,
      },
    };
    this.#granted.set(attempt, answer);
    return answer;
  }
  readonly #granted = new Map<FakeAttempt, unknown>();

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const text = await readText(request);
    const path = request.url ?? '';
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    const { authorization } = request.headers;
    this.seen.push({ method: request.method ?? '', path, body, authorization, atMs: performance.now() });
    const send = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
      this.#wake();
    };
    if (this.token !== null && authorization !== `Bearer ${this.token}`) {
      return send(401, { code: 'unauthenticated', message: 'a token is needed' });
    }
    if (this.fault?.path.test(path)) {
      return send(this.fault.status, this.fault.body ?? { code: 'fault', message: 'as the test wishes' });
    }
    if (path === '/api/workers/register') {
      this.#known.add(String(body.worker_id));
      return send(200, { worker_id: body.worker_id });
    }
    if (path === '/api/jobs/claim') return this.#claim(request, response, body, send);
    const [, , room, id = '', verb] = path.split('/');
    if (room === 'workers') return send(this.#known.has(id) ? 200 : 404, {});
    if (verb !== undefined && path.endsWith('/cancelled')) {
      const attempt = this.attempts.find((one) => one.runId === id && one.jobId === verb);
      return attempt ? send(200, attempt.cancelled) : send(404, { code: 'not_found', message: 'no such job' });
    }
    return this.#underLease(decodeURIComponent(id), verb ?? '', body, send);
  }

  #claim(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    body: Record<string, unknown>,
    send: (status: number, value: unknown) => void,
  ): void {
    if (!this.#known.has(String(body.worker_id))) return send(404, { code: 'not_found', message: 'no such worker' });
    const again = this.attempts.find((one) => one.requestId !== undefined && one.requestId === body.request_id);
    if (again) return send(200, this.#granted.get(again));
    const job = this.#queue.shift();
    if (job) {
      const answer = this.#grant(job, body);
      const fate = this.nextGrant;
      this.nextGrant = 'answered';
      if (fate === 'answered') return send(200, answer);
      if (fate === 'cut') request.socket.destroy();
      return this.#wake();
    }
    const waitMs = Number(body.wait_secs ?? 0) * 1000;
    if (waitMs === 0) return send(200, null);
    const parked = { body, answer: (value: unknown) => send(200, value) };
    const timer = setTimeout(() => {
      this.#unpark(parked);
      send(200, null);
    }, waitMs);
    const answer = parked.answer;
    parked.answer = (value) => {
      clearTimeout(timer);
      answer(value);
    };
    response.once('close', () => {
      clearTimeout(timer);
      this.#unpark(parked);
    });
    this.#parked.push(parked);
    this.#wake();
  }

  #unpark(parked: ParkedClaim): void {
    this.#parked = this.#parked.filter((one) => one !== parked);
  }

  /** How many claims wait for a job. */
  get parkedClaims(): number {
    return this.#parked.length;
  }

  #underLease(
    leaseId: string,
    verb: string,
    body: Record<string, unknown>,
    send: (status: number, value: unknown) => void,
  ): void {
    const attempt = this.attempts.find((one) => one.leaseId === leaseId);
    const reason = attempt === undefined ? 'unknown_lease' : attempt.refuseWith;
    if (attempt === undefined || reason !== null) {
      return send(409, { code: 'aborted', message: 'the lease is gone', reason });
    }
    if (verb === 'heartbeat') {
      attempt.heartbeatsAtMs.push(performance.now());
      return send(200, { ttl_secs: attempt.ttlSecs, cancelled: attempt.cancelled });
    }
    if (verb === 'logs') {
      const chunks = body.chunks as FakeChunk[];
      for (const chunk of chunks) if (!attempt.chunks.has(chunk.sequence)) attempt.chunks.set(chunk.sequence, chunk);
      return send(200, { stored: chunks.length });
    }
    if (verb === 'complete' || verb === 'fail' || verb === 'release') attempt.reports.push({ kind: verb, body });
    return send(200, {});
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (waiter.holds()) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }
}

/** The stored log in order; throws when a sequence number is missing. */
export function logOf(attempt: FakeAttempt, stream?: 'stdout' | 'stderr'): string {
  const chunks = [...attempt.chunks.values()].sort((a, b) => a.sequence - b.sequence);
  chunks.forEach((chunk, index) => {
    if (chunk.sequence !== index) throw new Error(`chunk ${index} is missing`);
  });
  return chunks.map((chunk) => (stream === undefined || chunk.stream === stream ? chunk.data : '')).join('');
}

async function readText(request: http.IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}
