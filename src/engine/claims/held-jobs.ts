import { attemptsByLease } from '../../store/statements/attempts.js';
import type { EngineContext } from '../context.js';
import { parseLeaseId } from '../leases/lease-id.js';

/** Held jobs before the first recount. */
const recountMin = 32;

/**
 * The jobs that a session pushed and that still occupy a slot of its worker, by lease. A job leaves the set when it is
 * reported on the session or lost. The session is not notified of a job that ends in another way (a report or release
 * by a unary call, or through another server), so the set is recounted against the database each time it has doubled.
 */
export class HeldJobs {
  readonly #context: EngineContext;
  readonly #onEnded: (leaseId: string) => void;
  readonly #leaseIds = new Set<string>();
  #recountAt = recountMin;

  /** @param onEnded called for each job that a recount finds ended */
  constructor(context: EngineContext, onEnded: (leaseId: string) => void) {
    this.#context = context;
    this.#onEnded = onEnded;
  }

  get size(): number {
    return this.#leaseIds.size;
  }

  add(leaseId: string): void {
    this.#leaseIds.add(leaseId);
    if (this.size < this.#recountAt) return;
    this.#recountAt = Number.POSITIVE_INFINITY;
    void this.recount().then(() => {
      this.#recountAt = Math.max(recountMin, 2 * this.size);
    });
  }

  /** Whether the job was held. */
  delete(leaseId: string): boolean {
    return this.#leaseIds.delete(leaseId);
  }

  /** Drops the jobs whose attempts have ended. Keeps all of them when the database cannot be read. */
  async recount(): Promise<void> {
    const leases = [...this.#leaseIds].flatMap((leaseId) => {
      const lease = parseLeaseId(leaseId);
      return lease === null ? [] : [{ leaseId, lease }];
    });
    try {
      const rows = await attemptsByLease.run(this.#context.store.read, {
        rows: leases.map(({ lease }) => ({ job: lease.job, number: lease.attempt })),
      });
      const live = new Set(rows.filter(({ outcome }) => outcome === null).map(({ lease_hash }) => lease_hash));
      for (const { leaseId, lease } of leases) {
        if (!live.has(lease.hash) && this.#leaseIds.delete(leaseId)) this.#onEnded(leaseId);
      }
    } catch (error) {
      this.#context.log.debug({ err: error }, 'could not recount the jobs of a session');
    }
  }
}
