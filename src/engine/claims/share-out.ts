import { claimLimits } from './limits.js';

/** A claim, as the sharing sees it. */
interface Taker {
  readonly maxJobs: number;
}

/**
 * Gives jobs to claims in order: each claim takes the next ones, up to its number and to the bytes of one answer. The
 * first job of a claim always fits. The rest stays claimable.
 */
export function shareOut<C extends Taker, J extends { readonly bytes: number }>(
  claims: readonly C[],
  jobs: readonly J[],
): { readonly claim: C; readonly job: J }[] {
  const shares: { claim: C; job: J }[] = [];
  let next = 0;
  for (const claim of claims) {
    let bytes = 0;
    for (let taken = 0; taken < claim.maxJobs; taken++) {
      const job = jobs[next];
      if (job === undefined) return shares;
      bytes += job.bytes;
      if (taken > 0 && bytes > claimLimits.jobsBytes) break;
      shares.push({ claim, job });
      next += 1;
    }
  }
  return shares;
}
