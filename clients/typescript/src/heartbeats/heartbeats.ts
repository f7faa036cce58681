import type { Drain } from '../drain.js';
import type { Stop } from '../stop.js';
import type { Lease } from '../wire.js';
import { type FromHeartbeatThread, type HeartbeatSettings, monotonicMs, type ToHeartbeatThread } from './messages.js';
import { type RenewingThread, startThread, useThisThread } from './renewing-thread.js';

/** Events of a watched lease. Each except `stop` occurs at most once. */
export interface LeaseWatcher {
  /** The server reports that the lease is gone. */
  lost(reason: string | null, message: string): void;
  /** The lease time passed without a renewal, by this machine's clock. Renewals continue. */
  expired(): void;
  /** The server requests to stop the job. */
  stop(stop: Stop): void;
}

export interface HeartbeatCallbacks {
  unknownWorker(): void;
  /** The server drains the worker, or its drain was undone: null. */
  drain(drain: Drain | null): void;
  away(code: string): void;
  back(): void;
  /** The thread itself failed; leases are no longer renewed. */
  crashed(error: unknown): void;
}

/**
 * Renews a worker's leases, by default from a separate thread, so that a job that blocks the event loop cannot delay renewals.
 */
export class Heartbeats {
  readonly #thread: RenewingThread;
  readonly #watchers = new Map<string, LeaseWatcher>();
  readonly #callbacks: HeartbeatCallbacks;
  #stopped = false;

  /** @param inThread false if no job blocks the event loop: the leases are then renewed from this thread */
  constructor(settings: HeartbeatSettings, callbacks: HeartbeatCallbacks, inThread = true) {
    this.#callbacks = callbacks;
    const start = inThread ? startThread : useThisThread;
    this.#thread = start(settings, {
      receive: (message) => this.#receive(message),
      crashed: (error) => this.#crash(error),
    });
  }

  /** Renews the lease until it is removed. */
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

  /** Another stream of the server requested to stop the job of a lease. */
  stopJob(leaseId: string, stop: Stop): void {
    this.#watchers.get(leaseId)?.stop(stop);
  }

  /** Another stream of the server reported that a lease is gone. */
  loseLease(leaseId: string): void {
    this.#watchers.get(leaseId)?.lost(null, 'the lease is gone');
  }

  forget(lease: Lease): void {
    if (this.#watchers.delete(lease.lease_id)) this.#send({ kind: 'forget', leaseId: lease.lease_id });
  }

  /** The stream is not available. */
  useHttp(): void {
    this.#send({ kind: 'use-http' });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#thread.stop();
  }

  #send(message: ToHeartbeatThread): void {
    this.#thread.send(message);
  }

  #receive(message: FromHeartbeatThread): void {
    switch (message.kind) {
      case 'lost':
        this.#watchers.get(message.leaseId)?.lost(message.reason, message.message);
        break;
      case 'expired':
        this.#watchers.get(message.leaseId)?.expired();
        break;
      case 'stop':
        this.#watchers.get(message.leaseId)?.stop(message.stop);
        break;
      case 'unknown-worker':
        this.#callbacks.unknownWorker();
        break;
      case 'drain':
        this.#callbacks.drain(message.drain);
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
