import { Link } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, useLayoutEffect, useRef, useState } from 'react';
import { useRowKeys } from '../../keys/row-keys.js';
import { Elapsed } from '../../parts/duration.js';
import { visible } from '../../parts/format.js';
import { StateMark } from '../../parts/state-mark.js';
import { Empty } from '../../parts/states.js';
import { matchingJobs } from '../matching-jobs.js';
import { isOver, type Look, wordOfJob } from '../phases.js';
import type { JobRow } from '../run-store.js';
import styles from './job-list.module.css';

/** The jobs in the order of their definition: news changes a row, never its place. Only rows near the window exist. */
export function JobList({
  runId,
  jobs,
  state,
  q,
}: {
  runId: string;
  jobs: readonly JobRow[];
  state: Look | undefined;
  q: string;
}) {
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list);
  const rows = matchingJobs(jobs, state, q);
  const [{ top, height }, setPlace] = useState({ top: 0, height: 44 });
  useLayoutEffect(() => {
    const at = list.current?.getBoundingClientRect().top ?? 0;
    const row = Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--row')) || 44;
    setPlace({ top: at + window.scrollY, height: matchMedia('(max-width: 720px)').matches ? 56 : row });
  }, []);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (n) => rows[n]?.ordinal ?? n,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: it measures because the height changed
  useLayoutEffect(() => virtual.measure(), [virtual, height]);
  if (rows.length === 0)
    return <Empty title={jobs.length === 0 ? 'This version has no jobs' : 'No job matches the filter'} />;
  return (
    <ul ref={list} className={`card ${styles.list}`} aria-label="Jobs" style={{ height: virtual.getTotalSize() + 2 }}>
      {virtual.getVirtualItems().map((item) => {
        const job = rows[item.index];
        return job === undefined ? null : (
          <Row
            key={item.key}
            runId={runId}
            job={job}
            top={item.start - top}
            height={height}
            count={rows.length}
            at={item.index}
          />
        );
      })}
    </ul>
  );
}

const Row = memo(function Row({
  runId,
  job,
  top,
  height,
  count,
  at,
}: {
  runId: string;
  job: JobRow;
  top: number;
  height: number;
  count: number;
  at: number;
}) {
  return (
    <li
      className={styles.row}
      data-row=""
      aria-setsize={count}
      aria-posinset={at + 1}
      style={{ transform: `translateY(${top}px)`, height }}
    >
      <StateMark look={job.look} />
      <span className={styles.what}>
        <Link to="/runs/$run/jobs/$job" params={{ run: runId, job: job.id }} search={{}} className={styles.name}>
          {visible(job.id, 200)}
        </Link>
        {job.name === job.id ? null : <span className={styles.quiet}>{visible(job.name, 120)}</span>}
      </span>
      <span className={styles.state} data-look={job.look}>
        {wordOfJob(job)}
        {job.attempt > 0 ? `, attempt ${job.attempt}` : ''}
      </span>
      <span className={styles.labels}>{visible(job.labels.join(', '), 100)}</span>
      <span className={styles.worker}>{visible(job.worker, 100)}</span>
      <span className={styles.took}>{spent(job)}</span>
    </li>
  );
});

/** How long it ran, or how long it has waited for a worker. */
function spent({ look, enqueuedMs, startedMs, endedMs }: JobRow): React.ReactNode {
  if (look === 'waiting' && enqueuedMs !== null) return <Elapsed fromMs={enqueuedMs} toMs={null} />;
  if (startedMs === null || look === 'blocked' || look === 'held' || look === 'delayed') return null;
  return <Elapsed fromMs={startedMs} toMs={isOver(look) ? endedMs : null} />;
}
