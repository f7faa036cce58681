import { notFound } from '../../domain/errors.js';
import { isLeftToOthers, labelsMatch } from '../../domain/labels.js';
import { queuedReason } from '../../domain/why.js';
import type { WorkerFact } from '../../domain/why-facts.js';
import { waitsForWorker } from '../../domain/why-run.js';
import { sentenceOf } from '../../domain/why-sentence.js';
import { claimableBySet } from '../../store/statements/claims.js';
import { type QueuedJobRow, queuedJobs } from '../../store/statements/queue.js';
import type { EngineContext } from '../context.js';
import { viewLimits } from './limits.js';
import { loadWorkerFacts } from './worker-facts.js';

/** The claimable jobs that require the same labels. */
export interface QueuedLabelSet {
  readonly labelSet: number;
  readonly labels: readonly string[];
  readonly waiting: number;
  readonly oldestAtMs: number;
  readonly matchingWorkers: number;
  readonly freeSlots: number;
  readonly sentence: string;
  readonly isStuck: boolean;
}

export interface QueueView {
  readonly atMs: number;
  readonly labelSets: readonly QueuedLabelSet[];
  readonly waiting: number;
}

export interface QueuedJobsView {
  readonly labels: readonly string[];
  readonly jobs: readonly QueuedJobRow[];
  readonly more: boolean;
}

/** Workers may report any number of slots; the API has 32 bits for them. */
const freeSlotsMax = 2 ** 32 - 1;

/**
 * The jobs that wait for workers, by label sets: first the sets that no live worker takes, then those with the most
 * jobs.
 */
export function queueVerb(context: EngineContext) {
  const { store, environment, labelSets } = context;
  return async (): Promise<QueueView> => {
    const rows = await claimableBySet.run(store.longRead, {});
    const nowMs = environment.now();
    const asked = [...new Set(rows.flatMap((row) => labelSets.labelsOf(row.label_set)))];
    const workers = rows.length === 0 ? [] : await loadWorkerFacts(context, asked);
    const sets = rows.map((row): QueuedLabelSet => {
      const labels = labelSets.labelsOf(row.label_set);
      const reason = queuedReason(nowMs, { requiredLabels: labels, enqueuedAtMs: row.oldest_ms }, workers, null);
      const matching = workers.filter((worker) => worker.isLive && worker.drain === null && takes(worker, labels));
      return {
        labelSet: row.label_set,
        labels,
        waiting: row.jobs,
        oldestAtMs: row.oldest_ms,
        matchingWorkers: matching.length,
        freeSlots: Math.min(
          freeSlotsMax,
          matching.reduce((sum, { freeSlots }) => sum + freeSlots, 0),
        ),
        sentence:
          reason.code === 'waits_for_worker' ? waitsForWorker(reason, nowMs, row.jobs) : sentenceOf(reason, nowMs),
        isStuck: reason.code === 'no_matching_worker',
      };
    });
    return {
      atMs: nowMs,
      labelSets: sets
        .sort((a, b) => Number(b.isStuck) - Number(a.isStuck) || b.waiting - a.waiting || a.labelSet - b.labelSet)
        .slice(0, viewLimits.queuedLabelSets),
      waiting: rows.reduce((sum, { jobs }) => sum + jobs, 0),
    };
  };
}

/** The claimable jobs of a label set in the order of their claims. Errors: `not_found`. */
export function queuedJobsVerb({ store, labelSets }: EngineContext) {
  return async (labelSet: number, limit: number): Promise<QueuedJobsView> => {
    if (!labelSets.isKnown(labelSet)) throw notFound(`label set ${labelSet}`);
    const jobs = await queuedJobs.run(store.longRead, { labelSet, limit: limit + 1 });
    return { labels: labelSets.labelsOf(labelSet), jobs: jobs.slice(0, limit), more: jobs.length > limit };
  };
}

function takes({ labels, onlyLabelled }: WorkerFact, required: readonly string[]): boolean {
  return labelsMatch(required, labels) && !isLeftToOthers(required, onlyLabelled);
}
