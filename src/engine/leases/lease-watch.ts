import { isLeaseRefusal, type LeaseRefusal } from '../../domain/errors.js';
import { refusalOf, type StopReason } from '../../domain/lease.js';
import { attemptStates } from '../../store/statements/attempts.js';
import type { EngineContext } from '../context.js';
import { leaseTopic } from '../memory/topics.js';
import { type LeaseRef, parseLeaseId } from './lease-id.js';
import { leasedAttempt } from './lease-message.js';

/** Why a lease ends, or its job must stop, without a report by its holder. */
export type LeaseEvent =
  | {
      readonly kind: 'stop';
      readonly leaseId: string;
      readonly reason: StopReason;
      /** How long the server waits for the report that the job has stopped. */
      readonly withinMs: number;
    }
  | { readonly kind: 'lost'; readonly leaseId: string; readonly reason: LeaseRefusal };

interface Watched {
  readonly unlisten: () => void;
  /** The stop reason that the holder was notified of; null while there is none. */
  notified: StopReason | null;
}

/** Watches leases. Notifies as soon as a watched lease is lost or its job must stop. */
export class LeaseWatch {
  readonly #context: EngineContext;
  readonly #notify: (event: LeaseEvent) => void;
  readonly #watched = new Map<string, Watched>();
  #isStopped = false;

  constructor(context: EngineContext, notify: (event: LeaseEvent) => void) {
    this.#context = context;
    this.#notify = notify;
  }

  /** Number of watched leases. */
  get size(): number {
    return this.#watched.size;
  }

  add(leaseId: string): void {
    // A renewal may be answered after its stream has ended.
    if (this.#isStopped || this.#watched.has(leaseId)) return;
    const lease = parseLeaseId(leaseId);
    if (lease === null) return;
    const unlisten = this.#context.topics.listen(leaseTopic(lease.job), () => void this.#look(leaseId, lease));
    this.#watched.set(leaseId, { unlisten, notified: null });
  }

  /** Whether the lease was watched. */
  remove(leaseId: string): boolean {
    const watched = this.#watched.get(leaseId);
    if (watched === undefined) return false;
    watched.unlisten();
    return this.#watched.delete(leaseId);
  }

  /** Stops watching all leases but these. */
  keepOnly(leaseIds: ReadonlySet<string>): void {
    for (const leaseId of this.#watched.keys()) if (!leaseIds.has(leaseId)) this.remove(leaseId);
  }

  stop(): void {
    this.#isStopped = true;
    for (const { unlisten } of this.#watched.values()) unlisten();
    this.#watched.clear();
  }

  async #look(leaseId: string, lease: LeaseRef): Promise<void> {
    try {
      const event = await this.#eventOf(leaseId, lease);
      const watched = this.#watched.get(leaseId);
      if (event === null || watched === undefined) return;
      if (event.kind === 'stop') {
        if (watched.notified === event.reason) return;
        watched.notified = event.reason;
      } else this.remove(leaseId);
      this.#notify(event);
    } catch (error) {
      this.#context.log.warn({ err: error }, 'could not check a lease; its next heartbeat reports its state');
    }
  }

  async #eventOf(leaseId: string, lease: LeaseRef): Promise<LeaseEvent | null> {
    const [row] = await attemptStates.run(this.#context.store.read, { job: lease.job, number: lease.attempt });
    if (row === undefined || row.lease_hash !== lease.hash) return { kind: 'lost', leaseId, reason: 'unknown_lease' };
    const attempt = leasedAttempt(row);
    const nowMs = this.#context.environment.now();
    switch (attempt.outcome) {
      case null: {
        if (attempt.stop === null) return null;
        const { reason, byMs } = attempt.stop;
        return { kind: 'stop', leaseId, reason, withinMs: Math.max(0, byMs - nowMs) };
      }
      case 'cancelled':
        return { kind: 'stop', leaseId, reason: 'cancelled', withinMs: 0 };
      case 'success':
      case 'failure':
        return null;
      case 'lease_expired':
      case 'timed_out': {
        if (attempt.reportDigest !== null) return null;
        const reason = refusalOf(attempt, nowMs)?.reason ?? null;
        return { kind: 'lost', leaseId, reason: isLeaseRefusal(reason) ? reason : 'lease_expired' };
      }
    }
  }
}
