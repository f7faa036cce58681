import type { DomainError } from '../../domain/errors.js';
import { noteWorkers } from '../../store/statements/workers.js';
import type { BatchContext } from '../context.js';
import { holdPaused } from '../gates/hold-paused.js';
import { expireReportedAttempts } from '../leases/expire-attempts.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import type { Claim, ClaimedJob } from './claim.js';
import type { Parking } from './parking.js';
import { answerRepeats, lockRequestsOf } from './repeated-claims.js';
import { noteWhatBecameClaimable, takeJobs } from './take-jobs.js';
import { decideContested, ownersOf } from './worker-owner.js';

/**
 * Gives claimable jobs to workers; a draining worker gets none, and its claim can wait. Claims come last in a batch, so that
 * they see what the batch made claimable.
 */
export function claimOperation(context: BatchContext, parking: Parking<Claim>): Operation<Claim, ClaimedJob[]> {
  return {
    name: 'claim',
    keyOf: (claim) => claim.requestId,
    async apply(batch, all) {
      const claims = all.filter(({ isWithdrawn }) => !isWithdrawn);
      // Jobs whose attempts this batch reported as expired are claimable too, and may go first.
      await expireReportedAttempts(context, batch);
      const answers = new Map<Claim, ClaimedJob[]>(claims.map((claim) => [claim, []]));
      noteWhatBecameClaimable(context, batch);
      const refusals = await noteWorkersSeen(context, batch, claims);
      for (const claim of refusals.keys()) answers.delete(claim);
      await lockRequestsOf(batch, [...answers.keys()]);
      await answerRepeats(context, batch, answers);
      const fresh = claims.filter((claim) => answers.get(claim)?.length === 0);
      await holdPaused(context, batch);
      const wanting = fresh.filter(({ workerId }) => context.drains.of(workerId) === null);
      await takeJobs(context, batch, wanting, answers);
      for (const claim of fresh) {
        if (answers.get(claim)?.length !== 0) continue;
        batch.measures.emptyClaims += 1;
        if (claim.deliver === null) continue;
        batch.afterCommit.push(() => {
          if (claim.isWithdrawn) return;
          parking.park(claim);
          if (!batch.connection.dialect.hasManyWriters || context.drains.of(claim.workerId) !== null) return;
          const { labelSets } = context;
          for (const set of labelSets.claimableFor(labelSets.match(claim.offer))) batch.wakeups.missed.add(set);
        });
      }
      return all.map((claim) => refusals.get(claim) ?? answers.get(claim) ?? []);
    },
  };
}

/**
 * Records that the workers are alive; returns the claims under ids of another token, with the refusals. An id that nobody owns
 * belongs to the first claim under it, in this batch or of another server: the row that is stored says which one that is.
 */
async function noteWorkersSeen(
  context: BatchContext,
  batch: Batch,
  claims: readonly Claim[],
): Promise<Map<Claim, DomainError>> {
  const { workersSeen } = context;
  const refusals = new Map<Claim, DomainError>();
  const due = claims.filter(({ workerId, caller }) => workersSeen.isDue(workerId, caller.credential, batch.nowMs));
  if (due.length === 0) return refusals;
  const owners = await ownersOf(batch, due);
  const alive = new Map<string, Claim>();
  for (const claim of due) {
    const refusal = owners.refusalOf(claim);
    if (refusal !== null) refusals.set(claim, refusal);
    else if (!alive.has(claim.workerId)) alive.set(claim.workerId, claim);
  }
  if (alive.size === 0) return refusals;
  const stored = await noteWorkers.run(batch.connection, {
    rows: [...alive.values()].map((claim) => ({
      id: claim.workerId,
      labels: claim.offer.labelsKey,
      slots: 1,
      version: '',
      registered_at_ms: batch.nowMs,
      seen_at_ms: batch.nowMs,
      only_labelled: claim.offer.onlyLabelled ? 1 : 0,
      credential: owners.ownerFor(claim),
    })),
  });
  const ownerOf = new Map(stored.map(({ id, credential }) => [id, credential]));
  const contested = due.filter((claim) => {
    const owner = owners.ownerFor(claim);
    return !refusals.has(claim) && owner !== null && owner !== ownerOf.get(claim.workerId);
  });
  for (const [claim, refusal] of await decideContested(batch, contested)) {
    refusals.set(claim, refusal);
    if (alive.get(claim.workerId) === claim) alive.delete(claim.workerId);
  }
  batch.afterCommit.push(() => {
    for (const { workerId, caller } of alive.values()) workersSeen.wrote(workerId, caller.credential, batch.nowMs);
  });
  return refusals;
}
