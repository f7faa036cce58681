import { claimableBySet } from '../store/statements/claims.js';
import type { Metrics, QueueDepth } from '../telemetry/metrics.js';
import type { Batch } from './batch.js';
import type { EngineContext } from './context.js';
import { SparingRead } from './sparing-read.js';

const endsRun: ReadonlySet<string> = new Set(['run.success', 'run.failure', 'run.cancelled']);

/** Tells the metrics what a committed batch did. */
export function tellMetrics(metrics: Metrics, batch: Batch, changes: number, tookMs: number): void {
  metrics.committed(changes, batch.events.length, tookMs);
  if (batch.dispatchMs.length > 0) metrics.claimed(batch.dispatchMs);
  if (batch.emptyClaims > 0) metrics.claimedNothing(batch.emptyClaims);
  if (batch.outcomes.length > 0) {
    const counts = new Map<string, number>();
    for (const outcome of batch.outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    for (const [outcome, count] of counts) metrics.attemptsEnded(outcome, count);
  }
  if (batch.tallies.size === 0) return;
  for (const { type } of batch.events) if (endsRun.has(type)) metrics.runEnded(type.slice('run.'.length));
}

/**
 * How many jobs each label set has waiting, and since when; read off the event loop, and seldom when many wait, since each
 * of them is counted.
 */
export function queueDepths({ store, environment, labelSets }: EngineContext): () => Promise<QueueDepth[]> {
  const sparing = new SparingRead(
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
