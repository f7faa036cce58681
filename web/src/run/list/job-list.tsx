import { Link } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, useLayoutEffect, useRef, useState } from 'react';
import { useRowKeys } from '../../keys/row-keys.js';
import { Elapsed } from '../../parts/duration.js';
import { formatCount, plural, visible } from '../../parts/format.js';
import { StateBar } from '../../parts/state-bar.js';
import { StateMark } from '../../parts/state-mark.js';
import { Empty } from '../../parts/states.js';
import type { JobRow } from '../job-row.js';
import { type Unfolded, withChildren } from '../matching-jobs.js';
import { barOf, type ChildCounts } from '../node-children.js';
import { isOver, jobWords, type Look, wordOfJob } from '../phases.js';
import styles from './job-list.module.css';

/**
 * The jobs in the order of their definition: an event changes a row, never its position. Only rows near the window
 * exist.
 */
export function JobList({
  runId,
  jobs,
  state,
  q,
  unfolded = none,
  onUnfold,
}: {
  runId: string;
  jobs: readonly JobRow[];
  state: Look | undefined;
  q: string;
  unfolded?: Unfolded;
  /** Unfolds or folds the children of a node. */
  onUnfold?: (node: string) => void;
}) {
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list);
  const rows = withChildren(jobs, { ...unfolded, state, q });
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
            isOpen={unfolded.open.includes(job.id)}
            onUnfold={onUnfold}
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
  isOpen,
  onUnfold,
}: {
  runId: string;
  job: JobRow;
  top: number;
  height: number;
  count: number;
  at: number;
  isOpen: boolean;
  onUnfold: ((node: string) => void) | undefined;
}) {
  const { children } = job;

  return (
    <li
      className={styles.row}
      data-row=""
      data-group={job.group === null ? undefined : ''}
      data-child={job.group !== null && onUnfold !== undefined ? '' : undefined}
      aria-setsize={count}
      aria-posinset={at + 1}
      style={{ transform: `translateY(${top}px)`, height }}
    >
      <StateMark look={job.look} />
      <span className={styles.what}>
        <Link to="/runs/$run/jobs/$job" params={{ run: runId, job: job.id }} search={{}} className={styles.name}>
          {visible(job.id, 200)}
        </Link>
        {children === null || onUnfold === undefined ? null : (
          <button
            type="button"
            className={styles.unfold}
            aria-expanded={isOpen}
            title={isOpen ? 'Fold its children' : 'Show its children'}
            onClick={() => onUnfold(job.id)}
          >
            <span aria-hidden="true">{isOpen ? '▾' : '▸'}</span> {plural(children.total, 'child', 'children')}
          </button>
        )}
        {job.name === job.id ? null : <span className={styles.quiet}>{visible(job.name, 120)}</span>}
      </span>
      <span className={styles.state} data-look={job.look}>
        {children === null ? wordOfJob(job) : wordOfChildren(job.look, children)}
        {job.attempt > 0 && children === null ? `, attempt ${job.attempt}` : ''}
      </span>
      {children === null ? (
        <>
          <span className={styles.labels}>{visible(job.labels.join(', '), 100)}</span>
          <span className={styles.worker}>{visible(job.worker, 100)}</span>
        </>
      ) : (
        <span className={styles.bar}>
          <StateBar counts={barOf(children)} />
        </span>
      )}
      <span className={styles.took}>{spent(job)}</span>
    </li>
  );
});

const none: Unfolded = { open: [], children: new Map() };

/** The states of a node's children, in words. */
function wordOfChildren(look: Look, { total, open, failed }: ChildCounts): string {
  const bad = failed === 0 ? '' : `, ${formatCount(failed)} failed`;
  if (isOver(look)) return `${jobWords[look]}${bad === '' ? '' : ` (${formatCount(failed)} of ${formatCount(total)})`}`;
  return `${formatCount(total - open)} of ${formatCount(total)} ended${bad}`;
}

/** How long it ran, or how long it has waited for a worker. */
function spent({ look, enqueuedMs, startedMs, endedMs }: JobRow): React.ReactNode {
  if (look === 'waiting' && enqueuedMs !== null) return <Elapsed fromMs={enqueuedMs} toMs={null} />;
  if (startedMs === null || look === 'blocked' || look === 'held' || look === 'delayed') return null;
  return <Elapsed fromMs={startedMs} toMs={isOver(look) ? endedMs : null} />;
}
