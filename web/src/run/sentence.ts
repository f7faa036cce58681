import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { formatCount, plural } from '../parts/format.js';
import type { Counts } from '../parts/state-bar.js';
import { lookOfState } from './phases.js';

/** The number of a run's jobs in each state; all of them blocked if the response has no details. */
export function countsOf({ details, jobs }: Run): Counts {
  return {
    blocked: details === undefined ? jobs : details.waitsForNeeds + details.waitsForPlace,
    held: details?.waitsForPlace ?? 0,
    delayed: details?.delayed ?? 0,
    waiting: details?.waitsForWorker ?? 0,
    running: details?.running ?? 0,
    success: details?.success ?? 0,
    failure: details?.failure ?? 0,
    skipped: details?.skipped ?? 0,
    cancelled: details?.cancelled ?? 0,
  };
}

/** The most important fact of a run. */
export function sentenceOf(run: Run): string {
  const { details } = run;
  if (details === undefined) return plural(run.jobs, 'job');
  const failed = details.firstFailedJob === '' ? '' : `${details.firstFailedJob}: ${details.firstError || 'failed'}`;
  const look = lookOfState(run.state);
  if (look === 'failure' && failed !== '') return failed;
  if (run.held) return run.group === undefined ? 'is held' : `waits for a place in the group ${run.group}`;
  if (look === 'running' || look === 'waiting') {
    if (details.noMatchingWorker > 0) {
      return `no live worker can run ${plural(details.noMatchingWorker, 'job')}`;
    }
    if (failed !== '') return failed;
    const waiting =
      details.waitsForWorker > 0 ? ` · ${plural(details.waitsForWorker, 'waits', 'wait')} for a worker` : '';
    return `${formatCount(details.running)} running${waiting}`;
  }
  const retries = details.retries > 0 ? ` · ${plural(details.retries, 'retry', 'retries')}` : '';
  return `${plural(run.jobs, 'job')}${retries}`;
}

/** From its start, or its creation, to its end; null while it runs. */
export function timesOf(run: Run): { fromMs: number; toMs: number | null } {
  return {
    fromMs: Number(run.startedAtMs ?? run.createdAtMs),
    toMs: run.endedAtMs === undefined ? null : Number(run.endedAtMs),
  };
}
