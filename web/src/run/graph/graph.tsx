import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { foldGraph } from '../../graph/fold.js';
import { placeNodes } from '../../graph/place.js';
import { formatCount, plural, visible } from '../../parts/format.js';
import { StateBar } from '../../parts/state-bar.js';
import { StateMark } from '../../parts/state-mark.js';
import type { JobRow } from '../job-row.js';
import { barOf } from '../node-children.js';
import { jobWords, looks, wordOfJob } from '../phases.js';
import { countLooks, type RunStore } from '../run-store.js';
import { useChildren, useSnapshot } from '../use-run.js';
import { Edges, moveTo, sizeOf } from './edges.js';
import styles from './graph.module.css';

const maxMembers = 100;

/** The folded graph of a run, left to right. Events change colours and counts, never positions. */
export function Graph({ store }: { store: RunStore }) {
  const snapshot = useSnapshot(store);
  const { runId } = store;
  const { jobs } = snapshot;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a job's needs and its key never change within a run
  const { graph, places, routes } = useMemo(() => {
    const folded = foldGraph(jobs);
    return { graph: folded, ...placeNodes(folded) };
  }, [jobs.length]);
  const [open, setOpen] = useState<number | null>(null);
  const [near, setNear] = useState<number | null>(null);
  const { width, height } = sizeOf(places, routes);
  const members = (graph.nodes[open ?? -1]?.members ?? []).flatMap((job) => jobs[job] ?? []);
  // A single job with a matrix: its children are listed.
  const [only] = members;
  const matrix = members.length === 1 && only?.isNode === true ? only.id : null;
  const asked = useMemo(() => (matrix === null ? [] : [matrix]), [matrix]);
  useChildren(store, asked, snapshot);
  const listed = matrix === null ? members : (snapshot.children.get(matrix) ?? []);
  return (
    <div className={styles.whole}>
      {graph.nodes.length === jobs.length ? null : (
        <p className={styles.note}>
          {plural(jobs.length, 'job')} in {plural(graph.nodes.length, 'node')}: those that are alike stand together.
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard */}
      <section className={`card ${styles.scroller}`} tabIndex={0} aria-label="Graph of the jobs, from left to right">
        <div className={styles.plane} style={{ width, height }}>
          <Edges graph={graph} routes={routes} near={near} width={width} height={height} />
          <ol>
            {graph.nodes.map((node, n) => (
              <li
                key={node.members[0]}
                className={styles.place}
                style={{ transform: moveTo(places[n]) }}
                onMouseEnter={() => setNear(n)}
                onMouseLeave={() => setNear(null)}
                onFocus={() => setNear(n)}
                onBlur={() => setNear(null)}
              >
                <Node
                  runId={runId}
                  title={node.title}
                  members={node.members.flatMap((job) => jobs[job] ?? [])}
                  isOpen={open === n}
                  onOpen={() => setOpen(open === n ? null : n)}
                />
              </li>
            ))}
          </ol>
        </div>
      </section>
      {members.length === 0 ? null : (
        <section className={`card ${styles.members}`} aria-label="Jobs of this node">
          {matrix === null ? (
            <h2>
              {visible(graph.nodes[open ?? 0]?.title ?? '', 80)} · {plural(members.length, 'job')}
            </h2>
          ) : (
            <h2>
              <Link to="/runs/$run/jobs/$job" params={{ run: runId, job: matrix }} search={{}}>
                {visible(matrix, 80)}
              </Link>{' '}
              · {plural(only?.children?.total ?? 0, 'child', 'children')}
            </h2>
          )}
          <ul>
            {worstFirst(listed)
              .slice(0, maxMembers)
              .map((job) => (
                <li key={job.ordinal}>
                  <StateMark look={job.look} word={wordOfJob(job)} size={14} />
                  <Link to="/runs/$run/jobs/$job" params={{ run: runId, job: job.id }} search={{}}>
                    {visible(job.id, 100)}
                  </Link>
                  {job.group === null ? null : <span className={styles.note}>{visible(job.name, 100)}</span>}
                </li>
              ))}
          </ul>
          {listed.length > maxMembers ? (
            <p className={styles.note}>and {formatCount(listed.length - maxMembers)} more</p>
          ) : null}
        </section>
      )}
    </div>
  );
}

function Node({
  runId,
  title,
  members,
  isOpen,
  onOpen,
}: {
  runId: string;
  title: string;
  members: readonly JobRow[];
  isOpen: boolean;
  onOpen: () => void;
}) {
  const [only] = members;
  if (only !== undefined && members.length === 1 && only.children === null) {
    return (
      <Link
        to="/runs/$run/jobs/$job"
        params={{ run: runId, job: only.id }}
        search={{}}
        className={styles.card}
        data-look={only.look}
        data-matrix={only.isNode ? '' : undefined}
        title={`${only.id}: ${wordOfJob(only)}`}
      >
        <StateMark look={only.look} word={wordOfJob(only)} />
        <span className={styles.title}>{visible(only.id, 80)}</span>
      </Link>
    );
  }
  const isMatrix = members.length === 1;
  const counts = isMatrix && only?.children != null ? barOf(only.children) : countLooks(members);
  const worst = isMatrix && only !== undefined ? only.look : (looks.find((look) => counts[look] > 0) ?? 'blocked');
  return (
    <button
      type="button"
      className={styles.card}
      data-look={worst}
      data-matrix={isMatrix ? '' : undefined}
      aria-expanded={isOpen}
      onClick={onOpen}
      title={title}
    >
      <StateMark look={worst} word={jobWords[worst]} />
      <span className={styles.title}>
        {visible(title, 80)}{' '}
        <span className={styles.count}>{formatCount(only?.children?.total ?? members.length)}</span>
      </span>
      <span className={styles.bar}>
        <StateBar counts={counts} />
      </span>
    </button>
  );
}

function worstFirst(jobs: readonly JobRow[]): JobRow[] {
  return [...jobs].sort((a, b) => looks.indexOf(a.look) - looks.indexOf(b.look) || a.ordinal - b.ordinal);
}
