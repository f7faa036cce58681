/**
 * The thread that keeps a worker's leases alive.
 *
 * Each lease has a loop that renews it and a deadline by the monotonic clock: when the time to live has passed since
 * the last renewal was *sent*, the server may have given the job to another, so the lease counts as expired here even
 * though nobody said so. Cancellation is seen by the renewals, and between them by asking for it.
 *
 * Imports of this file are types or come from Node; the one module of the package that it needs is loaded by its
 * address, so that the thread starts from the sources as well as from the built package.
 */
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type * as connectionModule from '../http/connection.js';
import type { FromHeartbeatThread, HeartbeatSettings, ToHeartbeatThread } from './heartbeats.js';

/** Below the two seconds within which a cancellation is to be seen. */
const CANCEL_POLL_MS = 1_500;
const WORKER_HEARTBEAT_MS = 10_000;
const RETRY_MS = 1_000;
const CALL_TIMEOUT_MS_MIN = 500;
const CALL_TIMEOUT_MS_MAX = 10_000;

interface WatchedLease {
  readonly leaseId: string;
  readonly runId: string;
  readonly jobId: string;
  ttlMs: number;
  renewedAtMs: number;
  cancelled: boolean;
}

const settings = workerData as HeartbeatSettings;
const connectionUrl = new URL(`../http/connection${extname(import.meta.url)}`, import.meta.url);
const { HttpConnection } = (await import(connectionUrl.href)) as typeof connectionModule;
const connection = new HttpConnection(settings);
const leases = new Map<string, WatchedLease>();
let serverIsAway = false;

parentPort?.on('message', (message: ToHeartbeatThread) => {
  if (message.kind === 'forget') {
    leases.delete(message.leaseId);
    return;
  }
  const lease = { ...message, cancelled: false };
  leases.set(lease.leaseId, lease);
  void renewWhileWatched(lease);
  armDeadline(lease);
});
void pollCancellations();
void sayAlive();

async function renewWhileWatched(lease: WatchedLease): Promise<void> {
  let delayMs = intervalMs(lease);
  while (true) {
    await sleep(delayMs);
    if (!isWatched(lease)) return;
    const renewed = await renew(lease);
    delayMs = renewed ? intervalMs(lease) : Math.min(intervalMs(lease), RETRY_MS);
  }
}

async function renew(lease: WatchedLease): Promise<boolean> {
  const sentAtMs = monotonicMs();
  const answer = await send('POST', `/api/jobs/${encodeURIComponent(lease.leaseId)}/heartbeat`, intervalMs(lease));
  if (answer === null || !isWatched(lease)) return false;
  if (answer.status === 409) {
    leases.delete(lease.leaseId);
    const { reason, message } = refusal(answer.body);
    if (reason === 'cancelled') tell({ kind: 'cancelled', leaseId: lease.leaseId });
    else tell({ kind: 'lost', leaseId: lease.leaseId, reason, message });
    return false;
  }
  if (answer.status !== 200) return false;
  lease.renewedAtMs = sentAtMs;
  const ttlSecs = answer.body.ttl_secs;
  if (typeof ttlSecs === 'number' && ttlSecs > 0) lease.ttlMs = ttlSecs * 1000;
  if (answer.body.cancelled === true) tellCancelled(lease);
  return true;
}

function armDeadline(lease: WatchedLease): void {
  const leftMs = lease.renewedAtMs + lease.ttlMs - monotonicMs();
  setTimeout(
    () => {
      if (!isWatched(lease)) return;
      if (lease.renewedAtMs + lease.ttlMs <= monotonicMs()) tell({ kind: 'expired', leaseId: lease.leaseId });
      else armDeadline(lease);
    },
    Math.max(1, leftMs),
  );
}

async function pollCancellations(): Promise<void> {
  while (true) {
    await sleep(CANCEL_POLL_MS);
    const asked = [...leases.values()].filter((lease) => !lease.cancelled && intervalMs(lease) > CANCEL_POLL_MS);
    await Promise.all(asked.map(pollCancellation));
  }
}

async function pollCancellation(lease: WatchedLease): Promise<void> {
  const path = `/api/jobs/${encodeURIComponent(lease.runId)}/${encodeURIComponent(lease.jobId)}/cancelled`;
  const answer = await send('GET', path, CANCEL_POLL_MS);
  if (answer?.status === 200 && answer.bare === true && isWatched(lease)) tellCancelled(lease);
}

async function sayAlive(): Promise<void> {
  while (true) {
    await sleep(WORKER_HEARTBEAT_MS);
    const path = `/api/workers/${encodeURIComponent(settings.workerId)}/heartbeat`;
    const answer = await send('POST', path, WORKER_HEARTBEAT_MS);
    if (answer?.status === 404) tell({ kind: 'unknown-worker' });
  }
}

interface Answer {
  readonly status: number;
  /** The answer when it is an object; else an empty one. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly bare: unknown;
}

async function send(method: 'GET' | 'POST', path: string, timeoutMs: number): Promise<Answer | null> {
  const limitMs = Math.min(CALL_TIMEOUT_MS_MAX, Math.max(CALL_TIMEOUT_MS_MIN, timeoutMs));
  try {
    const { status, text } = await connection.request({ method, path, timeoutMs: limitMs });
    if (status < 500) sayBack();
    else sayAway(`HTTP ${status}`);
    const bare = parseJson(text);
    return { status, body: asObject(bare), bare };
  } catch (error) {
    sayAway(error instanceof Error && 'code' in error ? String(error.code) : String(error));
    return null;
  }
}

function sayAway(code: string): void {
  if (!serverIsAway) tell({ kind: 'away', code });
  serverIsAway = true;
}

function sayBack(): void {
  if (serverIsAway) tell({ kind: 'back' });
  serverIsAway = false;
}

function tellCancelled(lease: WatchedLease): void {
  if (lease.cancelled) return;
  lease.cancelled = true;
  tell({ kind: 'cancelled', leaseId: lease.leaseId });
}

function tell(message: FromHeartbeatThread): void {
  parentPort?.postMessage(message);
}

function isWatched(lease: WatchedLease): boolean {
  return leases.get(lease.leaseId) === lease;
}

function intervalMs(lease: WatchedLease): number {
  return Math.min(settings.intervalMs ?? Number.POSITIVE_INFINITY, lease.ttlMs / 3);
}

function refusal(body: Readonly<Record<string, unknown>>): { reason: string | null; message: string } {
  return {
    reason: typeof body.reason === 'string' ? body.reason : null,
    message: typeof body.message === 'string' ? body.message : 'the lease is gone',
  };
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

function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
