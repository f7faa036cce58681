import type { WorkflowSummary_RecentRun as RecentRun } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { formatDuration } from '../parts/format.js';
import { lookOfState, runWords } from '../run/phases.js';
import styles from './recent-runs.module.css';

/** The last runs as bars, oldest first: their height is their duration, and a failed one is hatched. */
export function RecentRuns({ runs }: { runs: readonly RecentRun[] }) {
  if (runs.length === 0) return <span className={styles.bars} />;
  const oldestFirst = [...runs].reverse();
  const longest = Math.max(1, ...oldestFirst.map(durationOf));
  const looks = oldestFirst.map(({ state }) => lookOfState(state));
  const failed = looks.filter((look) => look === 'failure').length;
  return (
    <span className={styles.bars} role="img" aria-label={`the last ${runs.length} runs, ${failed} failed`}>
      {oldestFirst.map((run, n) => (
        <span
          key={run.runId}
          className={styles[looks[n] ?? 'blocked']}
          style={{ height: `${20 + 80 * Math.sqrt(durationOf(run) / longest)}%` }}
          title={`${runWords[looks[n] ?? 'blocked']}, ${formatDuration(durationOf(run))}`}
        />
      ))}
    </span>
  );
}

function durationOf({ startedAtMs, endedAtMs }: RecentRun): number {
  return startedAtMs === undefined || endedAtMs === undefined ? 0 : Number(endedAtMs - startedAtMs);
}
