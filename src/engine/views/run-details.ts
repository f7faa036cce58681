import { isLeftToOthers, labelsMatch } from '../../domain/labels.js';
import type { JobState } from '../../domain/states.js';
import { countRunJobs, firstFailures } from '../../store/statements/list-runs.js';
import { listWorkers } from '../../store/statements/workers.js';
import type { EngineContext } from '../context.js';
import { offlineAfterMs } from '../memory/workers-seen.js';
import { viewLimits } from './limits.js';

/** More about a run, counted from its jobs. */
export interface RunDetails {
  readonly counts: Readonly<Record<JobState, number>>;
  readonly retries: number;
  /** How many of the failed jobs count as successful. */
  readonly tolerated: number;
  /** How many of the claimable jobs have no live worker that takes them. */
  readonly noMatchingWorker: number;
  /** The job that failed first, and the first line of its error. */
  readonly firstFailure: { readonly jobKey: string; readonly error: string } | null;
}

const noJobs: RunDetails['counts'] = {
  waiting: 0,
  held: 0,
  delayed: 0,
  queued: 0,
  running: 0,
  open: 0,
  success: 0,
  failure: 0,
  skipped: 0,
  cancelled: 0,
};

/**
 * The details of runs by their numbers, with at most three statements: the jobs by state, the first failures, and the
 * workers when there are claimable jobs.
 */
export async function runDetails(
  context: EngineContext,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, RunDetails>> {
  const { store } = context;
  if (numbers.length === 0) return new Map();
  const rows = await countRunJobs.run(store.longRead, { rows: numbers.map((no) => ({ no })) });
  const failed = [...new Set(rows.filter(({ state }) => state === 'failure').map(({ run }) => run))];
  const failures =
    failed.length === 0 ? [] : await firstFailures.run(store.longRead, { rows: failed.map((no) => ({ no })) });
  const isTaken = rows.some(({ state }) => state === 'queued') ? await takenLabelSets(context) : () => true;

  const details = new Map<number, { -readonly [K in keyof RunDetails]: RunDetails[K] }>();
  for (const no of numbers)
    details.set(no, { counts: { ...noJobs }, retries: 0, tolerated: 0, noMatchingWorker: 0, firstFailure: null });
  for (const { run, state, label_set: labelSet, jobs, retries, tolerated } of rows) {
    const found = details.get(run);
    if (found === undefined) continue;
    found.counts = { ...found.counts, [state]: found.counts[state] + jobs };
    found.retries += retries;
    found.tolerated += tolerated;
    if (state === 'queued' && !isTaken(labelSet)) found.noMatchingWorker += jobs;
  }
  for (const { run, key, error } of failures) {
    const found = details.get(run);
    if (found !== undefined) found.firstFailure = { jobKey: key, error: firstLine(error ?? '') };
  }
  return details;
}

/** Whether a live worker that is not draining takes the jobs of a label set. */
async function takenLabelSets({
  store,
  environment,
  labelSets,
}: EngineContext): Promise<(labelSet: number) => boolean> {
  const nowMs = environment.now();
  const workers = (await listWorkers.run(store.longRead, { limit: viewLimits.workersRead, offset: 0 }))
    .filter((worker) => nowMs - worker.seen_at_ms < offlineAfterMs && worker.drained_at_ms === null)
    .map((worker) => ({
      labels: new Set(JSON.parse(worker.labels) as string[]),
      onlyLabelled: worker.only_labelled === 1,
    }));
  const known = new Map<number, boolean>();
  return (labelSet) => {
    const required = labelSets.labelsOf(labelSet);
    const isTaken =
      known.get(labelSet) ??
      workers.some(
        ({ labels, onlyLabelled }) => !isLeftToOthers(required, onlyLabelled) && labelsMatch(required, labels),
      );
    known.set(labelSet, isTaken);
    return isTaken;
  };
}

function firstLine(text: string): string {
  const line = text.trimStart().split(/\r?\n/, 1)[0] ?? '';
  return line.length > viewLimits.errorLineChars ? `${line.slice(0, viewLimits.errorLineChars - 1)}…` : line;
}
