import type { BatchContext } from '../context.js';
import type { Batch } from '../writer/batch.js';
import type { Claim, ClaimedJob } from './claim.js';
import { claimLimits } from './limits.js';
import type { Parking } from './parking.js';
import { answerRepeats, leaveOutTaken } from './repeated-claims.js';
import { noteWhatBecameClaimable, takeJobs } from './take-jobs.js';

/** Serves the claims that wait for what this batch made claimable, in the same transaction. */
export async function serveParked(context: BatchContext, batch: Batch, parking: Parking<Claim>): Promise<void> {
  noteWhatBecameClaimable(context, batch);
  if (parking.size === 0 || (batch.wakeups.claimable.size === 0 && batch.wakeups.heardClaimable.size === 0)) return;
  const parked = parking.oldest(
    (offer) => {
      const { sets } = context.labelSets.match(offer);
      for (const set of batch.wakeups.claimable) if (sets.has(set)) return true;
      for (const set of batch.wakeups.heardClaimable) if (sets.has(set)) return true;
      return false;
    },
    ({ workerId }) => context.drains.of(workerId) === null,
    claimLimits.parkedPerBatch,
  );
  const claims = await leaveOutTaken(batch, parked);
  const answers = new Map<Claim, ClaimedJob[]>(claims.map((claim) => [claim, []]));
  // A caller may repeat a claim while the first, whose connection broke, is still parked, here or at another server.
  await answerRepeats(context, batch, answers);
  const firsts = new Map<unknown, Claim>();
  for (const claim of claims) {
    const request = claim.requestId === null ? claim : `${claim.credential}/${claim.requestId}`;
    if (answers.get(claim)?.length === 0 && !firsts.has(request)) firsts.set(request, claim);
  }
  await takeJobs(context, batch, [...firsts.values()], answers);
  for (const claim of claims) {
    const first = firsts.get(`${claim.credential}/${claim.requestId}`);
    if (claim.requestId !== null && first !== undefined) answers.set(claim, answers.get(first) ?? []);
  }
  for (const [claim, jobs] of answers) {
    if (jobs.length === 0) continue;
    batch.afterCommit.push(() => {
      parking.leave(claim);
      claim.deliver?.(jobs);
    });
  }
}
