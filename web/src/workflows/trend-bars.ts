import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { isOver, type Look, lookOfState } from '../run/phases.js';
import { timesOf } from '../run/sentence.js';

export interface TrendBar {
  readonly runId: string;
  readonly look: Look;
  readonly durationMs: number;
}

export interface Trend {
  /** Ended runs, oldest first. */
  readonly bars: readonly TrendBar[];
  readonly longestMs: number;
  /** Of the successful ones; null if none was. */
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  readonly succeeded: number;
}

/** How long the last runs of a workflow took, and how they ended. */
export function trendOf(runs: readonly Run[]): Trend {
  const bars = runs
    .map((run) => ({ run, look: lookOfState(run.state) }))
    .filter(({ run, look }) => isOver(look) && run.endedAtMs !== undefined)
    .map(({ run, look }) => {
      const { fromMs, toMs } = timesOf(run);
      return { runId: run.runId, look, durationMs: Math.max(0, (toMs ?? fromMs) - fromMs) };
    })
    .sort((a, b) => (a.runId < b.runId ? -1 : 1));
  const good = bars
    .filter(({ look }) => look === 'success')
    .map(({ durationMs }) => durationMs)
    .sort((a, b) => a - b);
  return {
    bars,
    longestMs: Math.max(0, ...bars.map(({ durationMs }) => durationMs)),
    medianMs: quantile(good, 0.5),
    p95Ms: quantile(good, 0.95),
    succeeded: good.length,
  };
}

/** The smallest value that a share of the sorted values does not exceed; null for an empty list. */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
