import type { LeaseRefusal } from '../domain/errors.js';
import { refusalOf } from '../domain/lease.js';
import { attemptStates } from '../store/statements/attempts.js';
import type { EngineContext } from './context.js';
import { type LeaseRef, parseLeaseId } from './lease-id.js';
import { leaseTopic } from './topics.js';
import { leasedAttempt } from './under-lease.js';

/** What became of a lease otherwise than by its holder's report. */
export type LeaseNews =
  | { readonly kind: 'cancelled'; readonly leaseId: string }
  | { readonly kind: 'lost'; readonly leaseId: string; readonly reason: LeaseRefusal };

/** Watches leases, and tells of each at once when its job is cancelled or the lease is lost. */
export class LeaseWatch {
  readonly #context: EngineContext;
  readonly #tell: (news: LeaseNews) => void;
  readonly #watched = new Map<string, () => void>();

  constructor(context: EngineContext, tell: (news: LeaseNews) => void) {
    this.#context = context;
    this.#tell = tell;
  }

  /** How many leases are watched. */
  get size(): number {
    return this.#watched.size;
  }

  add(leaseId: string): void {
    if (this.#watched.has(leaseId)) return;
    const lease = parseLeaseId(leaseId);
    if (lease === null) return;
    const unlisten = this.#context.topics.listen(leaseTopic(lease.job), () => void this.#look(leaseId, lease));
    this.#watched.set(leaseId, unlisten);
  }

  /** Whether it was watched. */
  remove(leaseId: string): boolean {
    const unlisten = this.#watched.get(leaseId);
    if (unlisten === undefined) return false;
    unlisten();
    return this.#watched.delete(leaseId);
  }

  /** Stops watching the leases that are not among these. */
  keepOnly(leaseIds: ReadonlySet<string>): void {
    for (const leaseId of this.#watched.keys()) if (!leaseIds.has(leaseId)) this.remove(leaseId);
  }

  stop(): void {
    for (const unlisten of this.#watched.values()) unlisten();
    this.#watched.clear();
  }

  async #look(leaseId: string, lease: LeaseRef): Promise<void> {
    try {
      const news = await this.#newsOf(leaseId, lease);
      if (news === null || !this.#watched.has(leaseId)) return;
      if (news.kind === 'lost') this.remove(leaseId);
      this.#tell(news);
    } catch (error) {
      this.#context.log.warn({ err: error }, 'looking after a lease failed; its next heartbeat will tell');
    }
  }

  async #newsOf(leaseId: string, lease: LeaseRef): Promise<LeaseNews | null> {
    const [row] = await attemptStates.run(this.#context.store.read, { job: lease.job, number: lease.attempt });
    if (row === undefined || row.lease_hash !== lease.hash) return { kind: 'lost', leaseId, reason: 'unknown_lease' };
    if (row.outcome === 'cancelled') return { kind: 'cancelled', leaseId };
    if (row.outcome === null || row.outcome === 'success' || row.outcome === 'failure') return null;
    const refusal = refusalOf(leasedAttempt(row), this.#context.environment.now());
    return { kind: 'lost', leaseId, reason: refusal?.reason ?? 'lease_expired' };
  }
}
