import { useQuery } from '@tanstack/react-query';
import { runs } from '../api/transport.js';
import { serverNow } from '../parts/clock.js';
import { formatDuration, formatExact, plural } from '../parts/format.js';
import { bucketsOf, runsIn, shareOf } from '../workflows/statistics.js';
import styles from './last-day.module.css';

const hourMs = 3_600_000;

/** The runs of the last 24 hours in one line: how many, how many of them succeeded, how long they took. */
export function LastDay() {
  const { data } = useQuery({
    queryKey: ['last-day'],
    queryFn: ({ signal }) =>
      runs.getStatistics(
        { sinceMs: BigInt(Math.floor(serverNow() - 24 * hourMs)), bucketMs: BigInt(hourMs) },
        { signal },
      ),
    gcTime: 0,
    refetchInterval: 300_000,
  });
  const total = data?.total;
  if (data === undefined || total === undefined || runsIn(total) === 0) return null;
  const bars = bucketsOf(data, serverNow());
  const most = Math.max(...bars.map(({ all }) => all));
  const median = total.duration?.medianMs;
  const period = data.cut ? `Since ${formatExact(Number(data.sinceMs))}` : 'Last 24 h';
  return (
    <section className={`card ${styles.line}`} aria-label={period}>
      <h2>{period}</h2>
      <p>
        {plural(runsIn(total), 'run')} · {shareOf(total)} succeeded
        {median === undefined ? null : ` · median ${formatDuration(Number(median))}`}
      </p>
      <div className={styles.bars} aria-hidden="true">
        {bars.map(({ fromMs, all, failed }) => (
          <span key={fromMs} title={`${formatExact(fromMs)}: ${plural(all, 'run')}, ${failed} failed`}>
            <span className={styles.failed} style={{ height: `${(failed / most) * 100}%` }} />
            <span className={styles.rest} style={{ height: `${((all - failed) / most) * 100}%` }} />
          </span>
        ))}
      </div>
    </section>
  );
}
