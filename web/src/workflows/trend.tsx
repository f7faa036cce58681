import { Link } from '@tanstack/react-router';
import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { formatDuration, shortId } from '../parts/format.js';
import { runWords } from '../run/phases.js';
import styles from './trend.module.css';
import { trendOf } from './trend-bars.js';

/** Fewer show no trend. */
const fewest = 3;
/** A bar of a run without a duration is still visible. */
const leastShare = 0.04;

/** How long the last runs took, one bar each, the oldest first. */
export function Trend({ runs }: { runs: readonly Run[] }) {
  const { bars, longestMs, medianMs, p95Ms, succeeded } = trendOf(runs);
  if (bars.length < fewest) return null;
  return (
    <section className={`card ${styles.trend}`} aria-label="Trend">
      <dl className={styles.figures}>
        <div>
          <dt>succeeded</dt>
          <dd>
            {succeeded} of {bars.length}
          </dd>
        </div>
        <div>
          <dt>median</dt>
          <dd>{medianMs === null ? '–' : formatDuration(medianMs)}</dd>
        </div>
        <div>
          <dt>95 % within</dt>
          <dd>{p95Ms === null ? '–' : formatDuration(p95Ms)}</dd>
        </div>
      </dl>
      <ul className={styles.bars} aria-label={`Durations of the last ${bars.length} runs, the oldest first`}>
        {bars.map(({ runId, look, durationMs }) => (
          <li key={runId}>
            <Link
              to="/runs/$run"
              params={{ run: runId }}
              search={{}}
              className={styles.bar}
              title={`${shortId(runId)} ${runWords[look]}, ${formatDuration(durationMs)}`}
            >
              <span className="hidden-text">
                {shortId(runId)} {runWords[look]}, {formatDuration(durationMs)}
              </span>
              <span
                className={styles.fill}
                data-look={look}
                style={{ height: `${Math.max(leastShare, longestMs === 0 ? 1 : durationMs / longestMs) * 100}%` }}
              />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
