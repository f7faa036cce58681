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

interface FakeChunk {
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
  /** What heartbeats say besides. */
  stop: { readonly reason: 'cancelled' | 'timed_out'; readonly withinSecs: number } | null;
  reports: { kind: 'complete' | 'fail' | 'release'; body: Record<string, unknown> }[];
}

interface ParkedClaim {
  readonly body: Record<string, unknown>;
  readonly answer: (value: unknown) => void;
}

interface Call {
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
  readonly path: string;
  readonly body: Record<string, unknown>;
}

/** An answer, or how there is none. */
type Reply = { readonly status: number; readonly value: unknown } | 'cut' | 'withheld';

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
  readonly #granted = new Map<FakeAttempt, unknown>();
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
      stop: null,
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

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const text = await readText(request);
    const path = request.url ?? '';
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    const { authorization } = request.headers;
    this.seen.push({ method: request.method ?? '', path, body, authorization, atMs: performance.now() });
    const reply = await this.#reply({ request, response, path, body });
    if (reply === 'cut') {
      request.socket.destroy();
    } else if (reply !== 'withheld') {
      response.writeHead(reply.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(reply.value));
    }
    this.#wake();
  }

  async #reply(call: Call): Promise<Reply> {
    const { path, body } = call;
    if (this.token !== null && call.request.headers.authorization !== `Bearer ${this.token}`) {
      return { status: 401, value: { code: 'unauthenticated', message: 'a token is needed' } };
    }
    if (this.fault?.path.test(path)) {
      return { status: this.fault.status, value: this.fault.body ?? { code: 'fault', message: 'as the test wishes' } };
    }
    if (path === '/api/workers/register') {
      this.#known.add(String(body.worker_id));
      return { status: 200, value: { worker_id: body.worker_id } };
    }
    if (path === '/api/jobs/claim') return await this.#claim(call);
    if (path === '/api/jobs/claim-many') return asMany(await this.#claim(call));
    const [, , room, id = '', verb = ''] = path.split('/');
    if (room === 'workers') return { status: this.#known.has(id) ? 200 : 404, value: {} };
    if (path.endsWith('/cancelled')) {
      const attempt = this.attempts.find((one) => one.runId === id && one.jobId === verb);
      if (attempt === undefined) return { status: 404, value: { code: 'not_found', message: 'no such job' } };
      return { status: 200, value: attempt.cancelled || attempt.stop !== null };
    }
    return this.#underLease(decodeURIComponent(id), verb, body);
  }

  async #claim({ body, response }: Call): Promise<Reply> {
    if (!this.#known.has(String(body.worker_id))) {
      return { status: 404, value: { code: 'not_found', message: 'no such worker' } };
    }
    const again = this.attempts.find((one) => one.requestId !== undefined && one.requestId === body.request_id);
    if (again) return { status: 200, value: this.#granted.get(again) };
    const job = this.#queue.shift();
    if (job) {
      const value = this.#grant(job, body);
      const fate = this.nextGrant;
      this.nextGrant = 'answered';
      return fate === 'answered' ? { status: 200, value } : fate;
    }
    const waitMs = Number(body.wait_secs ?? 0) * 1000;
    return waitMs === 0 ? { status: 200, value: null } : await this.#park(body, response, waitMs);
  }

  /** A waiting claim is answered by a job, by its time, or never: it dies with its connection. */
  #park(body: Record<string, unknown>, response: http.ServerResponse, waitMs: number): Promise<Reply> {
    return new Promise((resolve) => {
      const end = (reply: Reply) => {
        clearTimeout(timer);
        this.#parked = this.#parked.filter((one) => one !== parked);
        resolve(reply);
      };
      const parked = { body, answer: (value: unknown) => end({ status: 200, value }) };
      const timer = setTimeout(() => parked.answer(null), waitMs);
      response.once('close', () => end('withheld'));
      this.#parked.push(parked);
      this.#wake();
    });
  }

  /** How many claims wait for a job. */
  get parkedClaims(): number {
    return this.#parked.length;
  }

  #underLease(leaseId: string, verb: string, body: Record<string, unknown>): Reply {
    const attempt = this.attempts.find((one) => one.leaseId === leaseId);
    const reason = attempt === undefined ? 'unknown_lease' : attempt.refuseWith;
    if (attempt === undefined || reason !== null) {
      return { status: 409, value: { code: 'conflict', message: 'the lease is gone', reason } };
    }
    if (verb === 'heartbeat') {
      attempt.heartbeatsAtMs.push(performance.now());
      const { stop } = attempt;
      const value = {
        ttl_secs: attempt.ttlSecs,
        cancelled: attempt.cancelled || stop !== null,
        stop_reason: stop?.reason ?? (attempt.cancelled ? 'cancelled' : null),
        stop_within_secs: stop?.withinSecs ?? null,
      };
      return { status: 200, value };
    }
    if (verb === 'logs') {
      const chunks = body.chunks as FakeChunk[];
      for (const chunk of chunks) if (!attempt.chunks.has(chunk.sequence)) attempt.chunks.set(chunk.sequence, chunk);
      return { status: 200, value: { stored: chunks.length } };
    }
    if (verb === 'complete' || verb === 'fail' || verb === 'release') attempt.reports.push({ kind: verb, body });
    if (verb !== 'release' && attempt.cancelled) {
      return { status: 409, value: { code: 'conflict', message: 'the job was cancelled', reason: 'cancelled' } };
    }
    return { status: 200, value: {} };
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
/** The fake grants one job at a time, also to those who would take several. */
function asMany(reply: Reply): Reply {
  if (typeof reply === 'string' || reply.status !== 200) return reply;
  return { status: 200, value: { claims: reply.value === null ? [] : [reply.value] } };
}

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
