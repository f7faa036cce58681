import { cleanUpMs } from '../../domain/run-timeout.js';
import { overdueRuns, timeOutRuns } from '../../store/statements/cancel-runs.js';
import { runsByNumber } from '../../store/statements/find-runs.js';
import type { EngineContext } from '../context.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import type { cancelRunVerb } from './cancel-run.js';
import { runLimits } from './limits.js';

/** A run whose jobs are to be cancelled. */
interface TimedOutRun {
  readonly no: number;
  /** Whether its clean-up jobs end too. */
  readonly forced: boolean;
}

/**
 * Cancels runs that have taken longer than their timeout; they end as failures. Their clean-up jobs have some time, then
 * they are cancelled too. The transaction that asks for the cancel leaves the mark from which a crash resumes it.
 */
export function timeOutRunsVerb(
  context: EngineContext,
  cancelling: Pick<ReturnType<typeof cancelRunVerb>, 'cancelFrom'>,
) {
  const operation = timeOutOperation();
  /** Returns how many runs it cancelled, and the time by the clock that decides. */
  return async (): Promise<{ count: number; nowMs: number }> => {
    const { runs, nowMs } = await context.writer.submit(operation, null);
    for (const { no, forced } of runs) {
      const [run] = await runsByNumber.run(context.store.read, { rows: [{ no }] });
      if (run !== undefined && run.cancel_from !== null) await cancelling.cancelFrom(run, run.cancel_from, forced);
    }
    return { count: runs.length, nowMs };
  };
}

function timeOutOperation(): Operation<null, { runs: readonly TimedOutRun[]; nowMs: number }> {
  return {
    name: 'time-out-runs',
    keyOf: () => 0,
    async apply(batch) {
      return [{ runs: await timeOut(batch), nowMs: batch.nowMs }];
    },
  };
}

async function timeOut(batch: Batch): Promise<TimedOutRun[]> {
  const { connection, nowMs } = batch;
  const due = await overdueRuns.run(connection, { nowMs, limit: runLimits.timedOutPerTransaction });
  if (due.length === 0) return [];
  const timedOut = await timeOutRuns.run(connection, { rows: due, nowMs });
  for (const { no, id, cancel_forced } of timedOut) {
    const forced = cancel_forced === 1;
    const data = { forced, by: null, reason: 'run_timeout' };
    batch.changes.event('run.cancel_requested', { run: no, data });
    const entry = { action: 'run.cancel_requested', subject: id, source: 'timeout', actor: null } as const;
    batch.changes.audits.push({ ...entry, data: { reason: 'run_timeout', ...(forced ? { forced } : {}) } });
    if (!forced) batch.wakeups.dueAt(nowMs + cleanUpMs);
  }
  return timedOut.map(({ no, cancel_forced }) => ({ no, forced: cancel_forced === 1 }));
}
