import type { ClaimableJob } from '../../store/statements/claims.js';

/** A claimable job whose needs have more outputs than a job may get. */
export interface OversizedJob {
  readonly job: ClaimableJob;
  /** Size of its needs' outputs. */
  readonly bytes: number;
  /** The worker whose claim found it, and its token. */
  readonly workerId: string;
  readonly credential: string | null;
}

/**
 * What a batch wakes up: claims that wait here, readers, loops, and the other servers. Parking, peers and topics read
 * it.
 */
export class BatchWakeups {
  /** Label sets in which jobs became claimable. */
  readonly claimable = new Set<number>();
  /** Label sets whose claimable jobs another server reported. */
  readonly heardClaimable = new Set<number>();
  /** Label sets of parked claims in which another server made jobs claimable after the claims had looked. */
  readonly missed = new Set<number>();
  /** Label sets in which this batch took the last claimable job. */
  readonly exhausted = new Set<number>();
  /** Topics to signal after the commit. */
  readonly signals = new Set<string>();
  /** Set when another server held the jobs that this batch wanted, and may leave some of them. */
  contended = false;
  /** Set when jobs ended whose dependents a later transaction decides. */
  leftUnsettled = false;
  /** Set when a later transaction continues with jobs that have a matrix. */
  leftMatrices = false;
  /** Set when a run of a backfill ended, so that the next may start. */
  endedBackfillRun = false;
  /** Jobs that claims found and that a later transaction fails. */
  readonly oversized: OversizedJob[] = [];
  /** The earliest due time that this batch wrote. */
  nextDueMs = Number.POSITIVE_INFINITY;

  dueAt(ms: number): void {
    this.nextDueMs = Math.min(this.nextDueMs, ms);
  }
}
