import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type GetJobHistoryResponse, type JobHistory, JobPhase } from '../../gen/workflowgraph/v1/run_service_pb.js';
import { runs as runService } from '../api/transport.js';
import { formatDuration, formatExact, plural, shortId, visible } from '../parts/format.js';
import { StateMark } from '../parts/state-mark.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import { jobWords, lookOfPhase, lookOfState, runWords } from '../run/phases.js';
import styles from './history-grid.module.css';

/** The number of rows drawn at first: a grid of everything is unreadable. */
const rowsFirst = 60;
const cellsMax = 2_400;

/** The jobs of a workflow's last runs: a row for each job, a column for each run, the newest at the left. */
export default function HistoryGrid({ workflow }: { workflow: string }) {
  const [q, setQ] = useState('');
  const query = useInfiniteQuery({
    queryKey: ['job-history', workflow],
    queryFn: ({ pageParam, signal }) => runService.getJobHistory({ workflow, pageToken: pageParam }, { signal }),
    initialPageParam: '',
    getNextPageParam: ({ nextPageToken }) => (nextPageToken === '' ? undefined : nextPageToken),
    maxPages: 1,
  });
  if (query.isError) return <Failed error={query.error} retry={() => query.refetch()} />;
  const page = query.data?.pages.at(-1);
  if (page === undefined) return <Skeleton rows={10} label="Loading the history of jobs" />;
  if (page.runs.length === 0) return <Empty title="It has not run" />;
  return (
    <>
      <div className={styles.tools}>
        <input
          type="search"
          className="field"
          placeholder="Filter jobs"
          aria-label="Filter jobs"
          value={q}
          onChange={({ target }) => setQ(target.value)}
        />
        <span className={styles.quiet}>
          {plural(page.jobs.length, 'job')} in {plural(page.runs.length, 'run')}, the newest first
        </span>
        <button type="button" className="button" disabled={query.isFetching} onClick={() => query.refetch()}>
          Refresh
        </button>
        {query.hasNextPage ? (
          <button type="button" className="button" disabled={query.isFetching} onClick={() => query.fetchNextPage()}>
            Older runs
          </button>
        ) : null}
      </div>
      <Grid page={page} q={q.trim().toLowerCase()} />
    </>
  );
}

function Grid({ page: { runs, jobs }, q }: { page: GetJobHistoryResponse; q: string }) {
  const [shown, setShown] = useState(rowsFirst);
  const found = jobs.filter(({ jobId }) => jobId.toLowerCase().includes(q)).sort(worstFirst);
  const most = Math.min(shown, Math.max(10, Math.floor(cellsMax / runs.length)));
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard */}
      <section className={`card ${styles.scroll}`} aria-label="History of jobs" tabIndex={0}>
        <table className={styles.grid}>
          <caption className="hidden-text">How each job ended in each run, those that failed most first</caption>
          <thead>
            <tr>
              <th scope="col">Job</th>
              <th scope="col" className={styles.figure}>
                failed
              </th>
              <th scope="col" className={styles.figure}>
                median
              </th>
              <th scope="col" className={styles.figure}>
                95 %
              </th>
              {runs.map(({ runId, state, createdAtMs }) => (
                <th key={runId} scope="col" className={styles.run}>
                  <Link
                    to="/runs/$run"
                    params={{ run: runId }}
                    search={{}}
                    title={`${shortId(runId)} ${runWords[lookOfState(state)]}, ${formatExact(Number(createdAtMs))}`}
                  >
                    <StateMark look={lookOfState(state)} word={`${shortId(runId)} ${runWords[lookOfState(state)]}`} />
                  </Link>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.slice(0, most).map((job) => (
              <Row key={job.jobId} job={job} runIds={runs.map(({ runId }) => runId)} />
            ))}
          </tbody>
        </table>
      </section>
      {found.length > most ? (
        <p className={styles.more}>
          {plural(found.length - most, 'job')} more.{' '}
          {most < shown ? (
            'The filter finds them.'
          ) : (
            <button type="button" className="button" onClick={() => setShown(shown + rowsFirst)}>
              Show more
            </button>
          )}
        </p>
      ) : null}
    </>
  );
}

function Row({ job, runIds }: { job: JobHistory; runIds: readonly string[] }) {
  const longest = Math.max(1, ...job.durationsMs.map(Number));
  const flaky = job.flaky === 0 ? '' : `, ${plural(job.flaky, 'success', 'successes')} only after a retry`;
  return (
    <tr>
      <th scope="row" title={job.jobId}>
        {visible(job.jobId, 60)}
      </th>
      <td
        className={job.failed > 0 ? `${styles.figure} ${styles.bad}` : styles.figure}
        title={`of ${job.ended}${flaky}`}
      >
        {job.ended === 0 ? '–' : `${job.failed}/${job.ended}`}
        {job.flaky > 0 ? <span className={styles.flaky}> ↻{job.flaky}</span> : null}
      </td>
      <td className={styles.figure}>{job.medianMs === undefined ? '–' : formatDuration(Number(job.medianMs))}</td>
      <td className={styles.figure}>{job.p95Ms === undefined ? '–' : formatDuration(Number(job.p95Ms))}</td>
      {runIds.map((run, n) => {
        const phase = job.phases[n] ?? JobPhase.ABSENT;
        // A server of an older version leaves it unspecified.
        if (phase === JobPhase.ABSENT || phase === JobPhase.UNSPECIFIED)
          return <td key={run} className={styles.cell} />;
        const look = lookOfPhase(phase);
        const ms = Number(job.durationsMs[n] ?? 0);
        const words = `${jobWords[look]}${ms > 0 ? `, ${formatDuration(ms)}` : ''}`;
        return (
          <td key={run} className={styles.cell}>
            <Link
              to="/runs/$run/jobs/$job"
              params={{ run, job: job.jobId }}
              search={{}}
              title={words}
              aria-label={words}
            >
              <span
                className={styles.fill}
                data-look={look}
                style={{ height: `${30 + 70 * Math.sqrt(ms / longest)}%` }}
              />
            </Link>
          </td>
        );
      })}
    </tr>
  );
}

/** The most failures come first, then the most retries; the others keep their order. */
function worstFirst(a: JobHistory, b: JobHistory): number {
  return b.failed - a.failed || b.flaky - a.flaky;
}
