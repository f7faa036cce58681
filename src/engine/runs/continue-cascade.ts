import { markSettled, unsettledJobs } from '../../store/statements/jobs.js';
import { settledState } from '../../store/tables/jobs.js';
import type { BatchContext, EngineContext } from '../context.js';
import type { Operation } from '../writer/writer.js';
import { ContinuedWork } from './continued-work.js';
import { runLimits } from './limits.js';
import { settleJobs } from './settle-jobs.js';

/** Completes cascades that a transaction cut, because they had too many jobs. */
export function continueCascade(context: EngineContext): ContinuedWork {
  const failure = 'could not propagate ended jobs to their dependents; retrying';
  return new ContinuedWork(context, continueCascadeOperation(context), failure);
}

/** Resumes cut cascades: propagates ended jobs to the dependents that do not know of them yet. */
function continueCascadeOperation(context: BatchContext): Operation<null, { more: boolean }> {
  return {
    name: 'continue-cascade',
    keyOf: () => 0,
    async apply(batch) {
      const jobs = await unsettledJobs.run(batch.connection, { limit: runLimits.settledPerTransaction });
      if (jobs.length === 0) return [{ more: false }];
      await markSettled.run(batch.connection, {
        rows: jobs.map(({ id }) => ({ id, settled: settledState.propagated })),
      });
      await settleJobs(
        context,
        batch,
        jobs.map(({ id, state, tolerated, version }) => {
          return { job: id, version, succeeded: state === 'success' || tolerated === 1 };
        }),
      );
      return [{ more: batch.wakeups.leftUnsettled || jobs.length === runLimits.settledPerTransaction }];
    },
  };
}
