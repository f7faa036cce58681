import { endsRun } from '../../domain/events.js';
import { claimableBySet } from '../../store/statements/claims.js';
import type { Metrics, QueueDepth } from '../../telemetry/metrics.js';
import type { EngineContext } from '../context.js';
import type { Batch } from '../writer/batch.js';
import { ThrottledRead } from './throttled-read.js';

/** Records what a committed batch did. */
export function recordMetrics(metrics: Metrics, batch: Batch, changes: number, tookMs: number): void {
  metrics.committed(changes, batch.changes.events.length, tookMs);
  if (batch.measures.dispatchMs.length > 0) metrics.claimed(batch.measures.dispatchMs);
  if (batch.measures.emptyClaims > 0) metrics.claimedNothing(batch.measures.emptyClaims);
  if (batch.measures.outcomes.length > 0) {
    const counts = new Map<string, number>();
    for (const outcome of batch.measures.outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    for (const [outcome, count] of counts) metrics.attemptsEnded(outcome, count);
  }
  if (batch.changes.tallies.size === 0) return;
  for (const { type } of batch.changes.events) {
    const state = endsRun(type);
    if (state !== null) metrics.runEnded(state);
  }
}

/**
 * How many jobs of each label set wait, and since when. Read off the event loop, and rarely when many wait, because the
 * read counts each of them.
 */
export function queueDepths({ store, environment, labelSets }: EngineContext): () => Promise<QueueDepth[]> {
  const sparing = new ThrottledRead(
    () => claimableBySet.run(store.longRead, {}),
    () => performance.now(),
  );
  return async () => {
    const rows = await sparing.get();
    return rows.map((row) => ({
      labels: labelSets.labelsOf(row.label_set),
      jobs: row.jobs,
      oldestAgeSecs: Math.max(0, environment.now() - row.oldest_ms) / 1000,
    }));
  };
}
