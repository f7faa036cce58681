import { useQuery } from '@tanstack/react-query';
import type { JobStatistics } from '../../gen/workflowgraph/v1/statistics_pb.js';
import { runs } from '../api/transport.js';
import { serverNow } from '../parts/clock.js';
import { formatCount, formatDuration, formatExact, plural, visible } from '../parts/format.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import { type Bucket, bucketsOf, runsIn, shareOf, unreliableJobs } from './statistics.js';
import { TrendChart } from './trend-chart.js';
import styles from './trend-tab.module.css';

const dayMs = 86_400_000;
const shownDays = 30;
const shownJobs = 20;

/** How the runs of a workflow went in the last 30 days: a chart for each figure, and the jobs that are unreliable. */
export default function TrendTab({ workflow }: { workflow: string }) {
  const query = useQuery({
    queryKey: ['statistics', workflow],
    queryFn: ({ signal }) =>
      runs.getStatistics(
        { workflow, sinceMs: BigInt(Math.floor(serverNow() - shownDays * dayMs)), bucketMs: BigInt(dayMs) },
        { signal },
      ),
    gcTime: 0,
    staleTime: 60_000,
  });
  if (query.isError) return <Failed error={query.error} retry={() => query.refetch()} />;
  if (query.isPending) return <Skeleton rows={8} label="Loading statistics" />;
  const { total, beganMs, sinceMs, jobs, jobRuns } = query.data;
  if (total === undefined || runsIn(total) === 0)
    return (
      <Empty title="No run has ended in the last 30 days">
        <p>Statistics count runs that ended since this version of the server, and are kept as long as the runs.</p>
      </Empty>
    );
  const days = bucketsOf(query.data, serverNow());
  const since = Math.max(Number(sinceMs), Number(beganMs ?? 0n));
  const time = (bucket: Bucket, of: 'duration' | 'waiting', share: 'medianMs' | 'p95Ms') => {
    const ms = bucket.runs?.[of]?.[share];
    return ms === undefined ? null : Number(ms);
  };
  return (
    <section aria-label="Statistics" className={styles.statistics}>
      <p className={styles.since}>
        {plural(runsIn(total), 'run')} since {formatExact(since)} · {shareOf(total)} succeeded
      </p>
      <div className={styles.charts}>
        <TrendChart
          title="Duration"
          days={days}
          format={formatDuration}
          lines={[
            { name: 'median', read: (day) => time(day, 'duration', 'medianMs') },
            { name: '95 %', read: (day) => time(day, 'duration', 'p95Ms') },
          ]}
        />
        <TrendChart
          title="Waiting for the first job"
          days={days}
          format={formatDuration}
          lines={[
            { name: 'median', read: (day) => time(day, 'waiting', 'medianMs') },
            { name: '95 %', read: (day) => time(day, 'waiting', 'p95Ms') },
          ]}
        />
        <TrendChart
          title="Runs that succeeded"
          days={days}
          format={(percent) => `${Math.round(percent)} %`}
          most={100}
          lines={[
            {
              name: 'share',
              read: ({ runs: day }) =>
                day === null || day.succeeded + day.failed === 0
                  ? null
                  : (100 * day.succeeded) / (day.succeeded + day.failed),
            },
          ]}
        />
      </div>
      <Jobs jobs={unreliableJobs(jobs)} runs={jobRuns} />
    </section>
  );
}

function Jobs({ jobs, runs: counted }: { jobs: readonly JobStatistics[]; runs: number }) {
  if (jobs.length === 0)
    return <p className={styles.since}>No job failed or needed a retry in {plural(counted, 'run')}.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard
    <section className={`card ${styles.jobs}`} aria-label="Unreliable jobs" tabIndex={0}>
      <table>
        <caption>Unreliable jobs of {plural(counted, 'run')}</caption>
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col">failed</th>
            <th scope="col">only after a retry</th>
            <th scope="col">median</th>
            <th scope="col">waiting, median</th>
          </tr>
        </thead>
        <tbody>
          {jobs.slice(0, shownJobs).map((job) => (
            <tr key={job.jobId}>
              <th scope="row" title={job.jobId}>
                {visible(job.jobId, 60)}
              </th>
              <td>{shareText(job.failed, job.ended)}</td>
              <td>{shareText(job.flaky, job.ended)}</td>
              <td>{durationText(job.duration?.medianMs)}</td>
              <td>{durationText(job.waiting?.medianMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {jobs.length > shownJobs ? <p className={styles.since}>{plural(jobs.length - shownJobs, 'job')} more.</p> : null}
    </section>
  );
}

function shareText(part: number, whole: number): string {
  return `${formatCount(part)} of ${formatCount(whole)}`;
}

function durationText(ms: bigint | undefined): string {
  return ms === undefined ? '–' : formatDuration(Number(ms));
}
