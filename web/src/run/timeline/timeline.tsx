import { Link } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import { criticalPath } from '../../graph/critical-path.js';
import { useRowKeys } from '../../keys/row-keys.js';
import { useNow } from '../../parts/clock.js';
import { formatDuration, visible } from '../../parts/format.js';
import { StateMark } from '../../parts/state-mark.js';
import { Empty } from '../../parts/states.js';
import type { JobRow } from '../job-row.js';
import { matchingJobs } from '../matching-jobs.js';
import { isOver, type Look, wordOfJob } from '../phases.js';
import styles from './timeline.module.css';

const rowHeight = 30;

/** When each job waited for a worker and when it ran, by its last attempt; ordered by start. */
export function Timeline({
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
  const isLive = jobs.some(({ look }) => look === 'running' || look === 'waiting');
  const now = useNow(isLive);
  const rows = useMemo(
    () => [...matchingJobs(jobs, state, q)].filter((job) => beginOf(job) !== null).sort(byBegin),
    [jobs, state, q],
  );
  const fromMs = jobs.reduce((least, job) => Math.min(least, beginOf(job) ?? least), now);
  const toMs = isLive ? now : jobs.reduce((most, { endedMs }) => Math.max(most, endedMs ?? most), fromMs + 1);
  const path = useMemo(() => criticalPath(jobs), [jobs]);
  const critical = new Set(path.map(({ job }) => job));
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop((list.current?.getBoundingClientRect().top ?? 0) + window.scrollY), []);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (n) => rows[n]?.ordinal ?? n,
  });
  if (rows.length === 0)
    return <Empty title={q === '' && state === undefined ? 'No job has become ready' : 'No job matches the filter'} />;
  const span = Math.max(1, toMs - fromMs);
  return (
    <div className={`card ${styles.timeline}`}>
      <p className={styles.sentence}>{pathSentence(path, jobs)}</p>
      <div className={styles.axis} aria-hidden="true">
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <span key={part} style={{ left: `${part * 100}%` }}>
            {formatDuration(Math.round((span * part) / 1_000) * 1_000)}
          </span>
        ))}
      </div>
      <ul
        ref={list}
        className={styles.rows}
        aria-label="Jobs by their begin"
        style={{ height: virtual.getTotalSize() }}
      >
        {virtual.getVirtualItems().map((item) => {
          const job = rows[item.index];
          if (job === undefined) return null;
          return (
            <li
              key={item.key}
              className={styles.row}
              data-row=""
              style={{ transform: `translateY(${item.start - top}px)` }}
            >
              <StateMark look={job.look} word={wordOfJob(job)} size={14} />
              <Link to="/runs/$run/jobs/$job" params={{ run: runId, job: job.id }} search={{}} className={styles.name}>
                {critical.has(job.ordinal) ? <span title="On the critical path">◆ </span> : null}
                {visible(job.id, 120)}
              </Link>
              <Bar job={job} fromMs={fromMs} span={span} now={now} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Bar({ job, fromMs, span, now }: { job: JobRow; fromMs: number; span: number; now: number }) {
  const enqueued = beginOf(job) ?? now;
  const hasStarted = job.startedMs !== null && job.startedMs >= enqueued;
  const started = hasStarted ? (job.startedMs ?? now) : (job.endedMs ?? now);
  const ended = isOver(job.look) ? (job.endedMs ?? started) : now;
  const place = (a: number, b: number) => ({
    left: `${((a - fromMs) / span) * 100}%`,
    width: `${(Math.max(0, b - a) / span) * 100}%`,
  });
  const words = `waited ${formatDuration(started - enqueued)}${hasStarted ? `, ran ${formatDuration(ended - started)}` : ''}`;
  return (
    <span className={styles.track} role="img" aria-label={words} title={words}>
      <span className={styles.waiting} style={place(enqueued, started)} />
      {hasStarted ? <span className={styles.ran} data-look={job.look} style={place(started, ended)} /> : null}
    </span>
  );
}

function pathSentence(path: ReturnType<typeof criticalPath>, jobs: readonly JobRow[]): string {
  const last = path.at(-1);
  if (last === undefined) return 'No job has ended yet.';
  const waited = path.reduce((sum, { waitedMs }) => sum + waitedMs, 0);
  const ran = path.reduce((sum, { ranMs }) => sum + ranMs, 0);
  const name = visible(jobs[last.job]?.id ?? '', 80);
  return `The longest chain ends with ${name}: ${formatDuration(ran)} of work in ${path.length === 1 ? 'one job' : `${path.length} jobs`} (◆), and ${formatDuration(waited)} of waiting for workers.`;
}

function byBegin(a: JobRow, b: JobRow): number {
  return (beginOf(a) ?? 0) - (beginOf(b) ?? 0) || a.ordinal - b.ordinal;
}

/** When it became claimable, or was claimed if that is no longer known; null for a job that never was. */
function beginOf({ enqueuedMs, startedMs }: JobRow): number | null {
  return enqueuedMs ?? startedMs;
}
