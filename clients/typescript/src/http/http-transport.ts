import { isTemporary, WorkflowGraphError } from '../errors.js';
import type { FailureReport, Intake, Transport, WorkerDescription } from '../transport.js';
import { readClaim, readClaims } from '../wire/claim.js';
import type { Claim, LogChunk, Outputs } from '../wire.js';
import { call } from './answer.js';
import { type ClaimRequest, claimJobs } from './claim-loop.js';
import { HttpConnection } from './connection.js';
import { USER_AGENT } from './user-agent.js';

/** Timeout of a call other than a waiting claim. */
const CALL_TIMEOUT_MS = 30_000;

export interface HttpTransportOptions {
  readonly serverUrl: string;
  readonly authorization?: string | null;
  readonly ca?: string | null;
}

/** The documented JSON paths, over HTTP/1.1. */
export class HttpTransport implements Transport {
  readonly #serverUrl: string;
  readonly #connection: HttpConnection;
  /** An older server has no such path. */
  #claimsMany = true;

  constructor(options: HttpTransportOptions) {
    this.#serverUrl = options.serverUrl;
    this.#connection = new HttpConnection({ ...options, userAgent: USER_AGENT });
  }

  async register(worker: WorkerDescription): Promise<void> {
    const { workerId, labels, onlyLabelled, slots, version } = worker;
    const body = { worker_id: workerId, labels, only_labelled: onlyLabelled, slots, version };
    await this.#post('/api/workers/register', body);
  }

  /** Whether a server responds at all, even with a refusal. */
  async answers(worker: WorkerDescription): Promise<boolean> {
    try {
      await this.register(worker);
      return true;
    } catch (error) {
      return !isTemporary(error);
    }
  }

  takeJobs(intake: Intake): Promise<void> {
    return claimJobs(this, intake);
  }

  async claim(request: ClaimRequest, signal: AbortSignal): Promise<readonly Claim[]> {
    const body = {
      worker_id: request.workerId,
      labels: request.labels,
      only_labelled: request.onlyLabelled,
      lease_ttl_secs: request.leaseTtlSecs,
      wait_secs: request.waitSecs,
      request_id: request.requestId,
    };
    const timeoutMs = request.waitSecs * 1000 + CALL_TIMEOUT_MS;
    if (request.maxJobs === 1 || !this.#claimsMany) return await this.#claimOne(body, timeoutMs, signal);
    try {
      const many = { ...body, max_jobs: request.maxJobs };
      return readClaims(await this.#post('/api/jobs/claim-many', many, timeoutMs, signal));
    } catch (error) {
      if (!isNotThere(error)) throw error;
    }
    const claims = await this.#claimOne(body, timeoutMs, signal);
    // So the path was not found. If this call is not found either, the cause is something else.
    this.#claimsMany = false;
    return claims;
  }

  async #claimOne(body: object, timeoutMs: number, signal: AbortSignal): Promise<readonly Claim[]> {
    try {
      const claim = readClaim(await this.#post('/api/jobs/claim', body, timeoutMs, signal));
      return claim === null ? [] : [claim];
    } catch (error) {
      // The next response may come from a newer server.
      this.#claimsMany = true;
      throw error;
    }
  }

  async pushLogs(leaseId: string, chunks: readonly LogChunk[]): Promise<void> {
    await this.#post(`/api/jobs/${encodeURIComponent(leaseId)}/logs`, { chunks });
  }

  async complete(leaseId: string, outputs: Outputs): Promise<void> {
    await this.#post(`/api/jobs/${encodeURIComponent(leaseId)}/complete`, { outputs });
  }

  async fail(leaseId: string, failure: FailureReport): Promise<void> {
    await this.#post(`/api/jobs/${encodeURIComponent(leaseId)}/fail`, failure);
  }

  async release(leaseId: string): Promise<void> {
    await this.#post(`/api/jobs/${encodeURIComponent(leaseId)}/release`, {});
  }

  close(): void {
    this.#connection.close();
  }

  #post(path: string, body: unknown, timeoutMs = CALL_TIMEOUT_MS, signal?: AbortSignal): Promise<unknown> {
    return call(this.#connection, this.#serverUrl, {
      method: 'POST',
      path,
      body: JSON.stringify(body),
      timeoutMs,
      ...(signal ? { signal } : {}),
    });
  }
}

/** The path or the method does not exist. */
function isNotThere(error: unknown): boolean {
  return error instanceof WorkflowGraphError && (error.status === 404 || error.status === 405);
}
