import { noteWorkers } from '../store/statements/workers.js';
import type { Batch } from './batch.js';
import type { Claim } from './claim.js';
import type { Knowledge } from './context.js';
import { endWhatWasToldOver } from './end-run-out.js';
import type { ClaimedJob } from './engine.js';
import type { Parking } from './parking.js';
import { answerRepeats, lockRequestsOf } from './repeated-claims.js';
import { noteWhatBecameClaimable, takeJobs } from './take-jobs.js';
import type { Operation } from './writer.js';

/**
 * Hands claimable jobs to workers. Claims come last in a batch, so that they see what the batch made claimable.
 */
export function claimOperation(knowledge: Knowledge, parking: Parking<Claim>): Operation<Claim, ClaimedJob[]> {
  return {
    name: 'claim',
    rank: 90,
    keyOf: (claim) => claim.requestId,
    async apply(batch, claims) {
      // What this batch told to be over is claimable too, and may go first.
      await endWhatWasToldOver(knowledge, batch);
      const answers = new Map<Claim, ClaimedJob[]>(claims.map((claim) => [claim, []]));
      noteWhatBecameClaimable(knowledge, batch);
      await noteWorkersSeen(knowledge, batch, claims);
      await lockRequestsOf(batch, claims);
      await answerRepeats(knowledge, batch, answers);
      const fresh = claims.filter((claim) => answers.get(claim)?.length === 0);
      await takeJobs(knowledge, batch, fresh, answers);
      for (const claim of fresh) {
        if (answers.get(claim)?.length !== 0) continue;
        batch.emptyClaims += 1;
        if (claim.deliver === null) continue;
        batch.afterCommit.push(() => {
          parking.park(claim);
          if (!batch.connection.dialect.hasManyWriters) return;
          const { labelSets } = knowledge;
          for (const set of labelSets.claimableFor(labelSets.match(claim.labels))) batch.missed.add(set);
        });
      }
      return claims.map((claim) => answers.get(claim) ?? []);
    },
  };
}

async function noteWorkersSeen(knowledge: Knowledge, batch: Batch, claims: readonly Claim[]): Promise<void> {
  const due = new Map<string, Claim>();
  for (const claim of claims) {
    if (knowledge.workersSeen.isDue(claim.workerId, batch.nowMs)) due.set(claim.workerId, claim);
  }
  if (due.size === 0) return;
  await noteWorkers.run(batch.connection, {
    rows: [...due.values()].map((claim) => [claim.workerId, claim.labelsKey, 1, '', batch.nowMs, batch.nowMs]),
  });
  batch.afterCommit.push(() => {
    for (const workerId of due.keys()) knowledge.workersSeen.wrote(workerId, batch.nowMs);
  });
}
