import type { Drain } from '../drain.js';
import type { Stop } from '../stop.js';
import { type FromHeartbeatThread, monotonicMs } from './messages.js';

/** A lease to renew. */
export interface WatchedLease {
  readonly leaseId: string;
  readonly runId: string;
  readonly jobId: string;
  ttlMs: number;
  /** When the last successful renewal was sent, by `monotonicMs`. */
  renewedAtMs: number;
  /** Whether its owner knows that the job must stop. */
  isStopping: boolean;
}

/** How leases are renewed. */
export interface Renewals {
  /** Renews the lease while the book has it. */
  add(lease: WatchedLease): void;
  stop(): void;
}

/**
 * The watched leases and their state. Each has a deadline by the monotonic clock: when the lease time has passed since
 * the last renewal was *sent*, the server may have requeued the job, so the lease counts as expired even without a
 * message.
 */
export class LeaseBook {
  readonly #tell: (message: FromHeartbeatThread) => void;
  readonly #intervalMs: number | null;
  readonly #leases = new Map<string, WatchedLease>();
  #serverIsAway = false;
  #drain: Drain | null = null;

  constructor(intervalMs: number | null, tell: (message: FromHeartbeatThread) => void) {
    this.#intervalMs = intervalMs;
    this.#tell = tell;
  }

  get leases(): readonly WatchedLease[] {
    return [...this.#leases.values()];
  }

  get(leaseId: string): WatchedLease | null {
    return this.#leases.get(leaseId) ?? null;
  }

  add(lease: WatchedLease): void {
    this.#leases.set(lease.leaseId, lease);
    this.#armDeadline(lease);
  }

  forget(leaseId: string): void {
    this.#leases.delete(leaseId);
  }

  has(lease: WatchedLease): boolean {
    return this.#leases.get(lease.leaseId) === lease;
  }

  /** The renewal interval of a lease. */
  intervalMs(lease: WatchedLease): number {
    return Math.min(this.#intervalMs ?? Number.POSITIVE_INFINITY, lease.ttlMs / 3);
  }

  renewed(lease: WatchedLease, sentAtMs: number, ttlMs: number): void {
    lease.renewedAtMs = Math.max(lease.renewedAtMs, sentAtMs);
    if (ttlMs > 0) lease.ttlMs = ttlMs;
  }

  stop(lease: WatchedLease, stop: Stop): void {
    if (lease.isStopping || !this.has(lease)) return;
    lease.isStopping = true;
    this.#tell({ kind: 'stop', leaseId: lease.leaseId, stop });
  }

  lost(lease: WatchedLease, reason: string | null, message: string): void {
    if (!this.has(lease)) return;
    this.#leases.delete(lease.leaseId);
    if (reason === 'cancelled') {
      this.#tell({ kind: 'stop', leaseId: lease.leaseId, stop: { reason, withinSecs: null } });
    } else {
      this.#tell({ kind: 'lost', leaseId: lease.leaseId, reason, message });
    }
  }

  /** Reports the drain of the worker when it changes. */
  drain(drain: Drain | null): void {
    if (drain?.stop === this.#drain?.stop) return;
    this.#drain = drain;
    this.#tell({ kind: 'drain', drain });
  }

  unknownWorker(): void {
    this.#tell({ kind: 'unknown-worker' });
  }

  away(code: string): void {
    if (!this.#serverIsAway) this.#tell({ kind: 'away', code });
    this.#serverIsAway = true;
  }

  back(): void {
    if (this.#serverIsAway) this.#tell({ kind: 'back' });
    this.#serverIsAway = false;
  }

  #armDeadline(lease: WatchedLease): void {
    const leftMs = lease.renewedAtMs + lease.ttlMs - monotonicMs();
    setTimeout(
      () => {
        if (!this.has(lease)) return;
        if (lease.renewedAtMs + lease.ttlMs <= monotonicMs()) this.#tell({ kind: 'expired', leaseId: lease.leaseId });
        else this.#armDeadline(lease);
      },
      Math.max(1, leftMs),
    ).unref();
  }
}
