import { setTimeout as sleepMs } from 'node:timers/promises';
import { HttpConnection } from '../http/connection.js';
import type { LeaseBook, Renewals, WatchedLease } from './lease-book.js';
import { type HeartbeatSettings, monotonicMs } from './messages.js';

/** Below two seconds, within which a worker must notice a cancellation. */
const CANCEL_POLL_MS = 1_500;
const WORKER_HEARTBEAT_MS = 10_000;
const RETRY_MS = 1_000;
const CALL_TIMEOUT_MS_MIN = 500;
const CALL_TIMEOUT_MS_MAX = 10_000;

interface Answer {
  readonly status: number;
  /** The response if it is an object; otherwise an empty one. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly bare: unknown;
}

/**
 * Renews each lease with a separate call. It detects cancellation in the renewals, and between them by polling.
 */
export class HttpRenewals implements Renewals {
  readonly #book: LeaseBook;
  readonly #workerId: string;
  readonly #connection: HttpConnection;
  #isStopped = false;

  constructor(book: LeaseBook, settings: HeartbeatSettings) {
    this.#book = book;
    this.#workerId = settings.workerId;
    this.#connection = new HttpConnection(settings);
    void this.#pollCancellations();
    void this.#sayAlive();
  }

  add(lease: WatchedLease): void {
    void this.#renewWhileWatched(lease);
  }

  stop(): void {
    this.#isStopped = true;
    this.#connection.close();
  }

  async #renewWhileWatched(lease: WatchedLease): Promise<void> {
    let delayMs = this.#book.intervalMs(lease) - (monotonicMs() - lease.renewedAtMs);
    while (true) {
      await sleep(Math.max(0, delayMs));
      if (this.#isStopped || !this.#book.has(lease)) return;
      const renewed = await this.#renew(lease);
      const intervalMs = this.#book.intervalMs(lease);
      delayMs = renewed ? intervalMs : Math.min(intervalMs / 3, RETRY_MS);
    }
  }

  async #renew(lease: WatchedLease): Promise<boolean> {
    const sentAtMs = monotonicMs();
    const path = `/api/jobs/${encodeURIComponent(lease.leaseId)}/heartbeat`;
    const answer = await this.#send('POST', path, this.#book.intervalMs(lease));
    if (answer === null || !this.#book.has(lease)) return false;
    if (answer.status === 409) {
      const { reason, message } = answer.body;
      this.#book.lost(
        lease,
        typeof reason === 'string' ? reason : null,
        typeof message === 'string' ? message : 'the lease is gone',
      );
      return false;
    }
    if (answer.status !== 200) return false;
    const ttlSecs = answer.body.ttl_secs;
    this.#book.renewed(lease, sentAtMs, typeof ttlSecs === 'number' ? ttlSecs * 1000 : 0);
    this.#noteDrain(answer);
    if (answer.body.cancelled === true) {
      const { stop_reason: reason, stop_within_secs: within } = answer.body;
      this.#book.stop(lease, {
        reason: reason === 'timed_out' ? reason : 'cancelled',
        withinSecs: typeof within === 'number' ? within : null,
      });
    }
    return true;
  }

  async #pollCancellations(): Promise<void> {
    while (!this.#isStopped) {
      await sleep(CANCEL_POLL_MS);
      const asked = this.#book.leases.filter(
        (lease) => !lease.isStopping && this.#book.intervalMs(lease) > CANCEL_POLL_MS,
      );
      await Promise.all(asked.map((lease) => this.#pollCancellation(lease)));
    }
  }

  async #pollCancellation(lease: WatchedLease): Promise<void> {
    const path = `/api/jobs/${encodeURIComponent(lease.runId)}/${encodeURIComponent(lease.jobId)}/cancelled`;
    const answer = await this.#send('GET', path, CANCEL_POLL_MS);
    // The bare `true` has neither the reason nor the grace period. The response to a heartbeat has both.
    if (answer?.status === 200 && answer.bare === true) await this.#renew(lease);
  }

  async #sayAlive(): Promise<void> {
    while (!this.#isStopped) {
      await sleep(WORKER_HEARTBEAT_MS);
      const path = `/api/workers/${encodeURIComponent(this.#workerId)}/heartbeat`;
      const answer = await this.#send('POST', path, WORKER_HEARTBEAT_MS);
      if (answer?.status === 404) this.#book.unknownWorker();
      if (answer?.status === 200) this.#noteDrain(answer);
    }
  }

  /** An older server sends neither. */
  #noteDrain({ body }: Answer): void {
    this.#book.drain(body.drain === true ? { stop: body.drain_stop === true } : null);
  }

  async #send(method: 'GET' | 'POST', path: string, timeoutMs: number): Promise<Answer | null> {
    const limitMs = Math.min(CALL_TIMEOUT_MS_MAX, Math.max(CALL_TIMEOUT_MS_MIN, timeoutMs));
    try {
      const { status, text } = await this.#connection.request({ method, path, timeoutMs: limitMs });
      if (status < 500) this.#book.back();
      else this.#book.away(`HTTP ${status}`);
      const bare = parseJson(text);
      return { status, body: asObject(bare), bare };
    } catch (error) {
      this.#book.away(error instanceof Error && 'code' in error ? String(error.code) : String(error));
      return null;
    }
  }
}

/** A pause that does not keep the process alive: the worker does, while it has jobs. */
function sleep(ms: number): Promise<void> {
  return sleepMs(ms, undefined, { ref: false });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
