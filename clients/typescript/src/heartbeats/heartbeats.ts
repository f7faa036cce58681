import { Worker as Thread } from 'node:worker_threads';
import type { Lease } from '../wire.js';
import { type FromHeartbeatThread, type HeartbeatSettings, monotonicMs, type ToHeartbeatThread } from './messages.js';

/** What may happen to a lease that is watched. Each is called at most once. */
export interface LeaseWatcher {
  /** The server says that the lease is gone. */
  lost(reason: string | null, message: string): void;
  /** Its time to live passed without a renewal, by this machine's clock. Renewing goes on. */
  expired(): void;
  /** The job was cancelled. */
  cancelled(): void;
}

export interface HeartbeatCallbacks {
  unknownWorker(): void;
  away(code: string): void;
  back(): void;
  /** The thread itself failed; no lease is renewed any more. */
  crashed(error: unknown): void;
}

/**
 * Keeps a worker's leases alive from a thread of its own, so that a job that blocks the event loop cannot starve them.
 */
export class Heartbeats {
  readonly #thread: Thread;
  readonly #watchers = new Map<string, LeaseWatcher>();
  readonly #callbacks: HeartbeatCallbacks;
  #stopped = false;

  constructor(settings: HeartbeatSettings, callbacks: HeartbeatCallbacks) {
    this.#callbacks = callbacks;
    // Flags of this process, such as an inspector's or --input-type, are not for the thread.
    this.#thread = new Thread(threadFile(), { workerData: settings, name: 'heartbeats', execArgv: [] });
    this.#thread.on('message', (message: FromHeartbeatThread) => this.#receive(message));
    this.#thread.on('error', (error) => this.#crash(error));
    this.#thread.on('exit', () => this.#crash(new Error('the heartbeat thread ended')));
  }

  /** Renews the lease until it is forgotten, however long that takes. */
  watch(lease: Lease, watcher: LeaseWatcher): void {
    this.#watchers.set(lease.lease_id, watcher);
    this.#send({
      kind: 'watch',
      leaseId: lease.lease_id,
      runId: lease.workflow_id,
      jobId: lease.job_id,
      ttlMs: lease.ttl_secs * 1000,
      renewedAtMs: monotonicMs(),
    });
  }

  /** What another stream of the server said of a lease: its watcher is told, if there is one. */
  tell(leaseId: string, news: 'cancelled' | 'lost'): void {
    const watcher = this.#watchers.get(leaseId);
    if (news === 'cancelled') watcher?.cancelled();
    else watcher?.lost(null, 'the lease is gone');
  }

  forget(lease: Lease): void {
    if (this.#watchers.delete(lease.lease_id)) this.#send({ kind: 'forget', leaseId: lease.lease_id });
  }

  /** The stream cannot be had. */
  useHttp(): void {
    this.#send({ kind: 'use-http' });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#thread.terminate();
  }

  #send(message: ToHeartbeatThread): void {
    this.#thread.postMessage(message);
  }

  #receive(message: FromHeartbeatThread): void {
    switch (message.kind) {
      case 'lost':
        this.#watchers.get(message.leaseId)?.lost(message.reason, message.message);
        break;
      case 'expired':
        this.#watchers.get(message.leaseId)?.expired();
        break;
      case 'cancelled':
        this.#watchers.get(message.leaseId)?.cancelled();
        break;
      case 'unknown-worker':
        this.#callbacks.unknownWorker();
        break;
      case 'away':
        this.#callbacks.away(message.code);
        break;
      case 'back':
        this.#callbacks.back();
    }
  }

  #crash(error: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#callbacks.crashed(error);
  }
}

/**
 * The thread runs compiled code also when this file runs from source, as in tests: a thread cannot load TypeScript whose
 * imports name `.js` files.
 */
function threadFile(): URL {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(isSource ? '../../dist/heartbeats/heartbeat-thread.js' : './heartbeat-thread.js', import.meta.url);
}
