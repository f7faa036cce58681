import { type FromHeartbeatThread, monotonicMs } from './messages.js';

/** A lease that is to be kept alive. */
export interface WatchedLease {
  readonly leaseId: string;
  readonly runId: string;
  readonly jobId: string;
  ttlMs: number;
  /** When the last renewal that succeeded was sent, by `monotonicMs`. */
  renewedAtMs: number;
  cancelled: boolean;
}

/** How leases are renewed. */
export interface Renewals {
  /** Renews the lease for as long as the book has it. */
  add(lease: WatchedLease): void;
  stop(): void;
}

/**
 * The leases that are watched, and what is known of them. Each has a deadline by the monotonic clock: when the time to
 * live has passed since the last renewal was *sent*, the server may have given the job to another, so the lease counts as
 * expired here even though nobody said so.
 */
export class LeaseBook {
  readonly #tell: (message: FromHeartbeatThread) => void;
  readonly #intervalMs: number | null;
  readonly #leases = new Map<string, WatchedLease>();
  #serverIsAway = false;

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

  /** How often a lease is to be renewed. */
  intervalMs(lease: WatchedLease): number {
    return Math.min(this.#intervalMs ?? Number.POSITIVE_INFINITY, lease.ttlMs / 3);
  }

  renewed(lease: WatchedLease, sentAtMs: number, ttlMs: number): void {
    lease.renewedAtMs = Math.max(lease.renewedAtMs, sentAtMs);
    if (ttlMs > 0) lease.ttlMs = ttlMs;
  }

  cancelled(lease: WatchedLease): void {
    if (lease.cancelled || !this.has(lease)) return;
    lease.cancelled = true;
    this.#tell({ kind: 'cancelled', leaseId: lease.leaseId });
  }

  lost(lease: WatchedLease, reason: string | null, message: string): void {
    if (!this.has(lease)) return;
    this.#leases.delete(lease.leaseId);
    if (reason === 'cancelled') this.#tell({ kind: 'cancelled', leaseId: lease.leaseId });
    else this.#tell({ kind: 'lost', leaseId: lease.leaseId, reason, message });
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
    );
  }
}
