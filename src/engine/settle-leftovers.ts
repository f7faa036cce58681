import { markSettled, unsettledJobs } from '../store/statements/jobs.js';
import type { Knowledge } from './context.js';
import { settleJobs } from './settle-jobs.js';
import type { Operation } from './writer.js';

const jobsPerTransaction = 500;

/** Goes on where a cascade was cut: tells the jobs that need ended jobs of which nobody was told yet. */
export function settleLeftoversOperation(knowledge: Knowledge): Operation<null, { more: boolean }> {
  return {
    name: 'settle-leftovers',
    rank: 80,
    keyOf: () => 0,
    async apply(batch) {
      const jobs = await unsettledJobs.run(batch.connection, { limit: jobsPerTransaction });
      if (jobs.length === 0) return [{ more: false }];
      await markSettled.run(batch.connection, { rows: jobs.map(({ id }) => [id, 1]) });
      await settleJobs(
        knowledge,
        batch,
        jobs.map(({ id, state, version }) => ({ job: id, version, succeeded: state === 'success' })),
      );
      return [{ more: batch.leftUnsettled || jobs.length === jobsPerTransaction }];
    },
  };
}
