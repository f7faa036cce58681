import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { workflows } from '../api/transport.js';
import { type Difference, differencesOf, ranMs, waitedMs } from '../compare/differences.js';
import { Ago, Elapsed } from '../parts/duration.js';
import { formatCount, formatDuration, plural, shortId, visible } from '../parts/format.js';
import { StateMark } from '../parts/state-mark.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import { workflowName } from '../parts/workflow-name.js';
import type { JobRow } from '../run/job-row.js';
import { jobWords, lookOfState, runWords } from '../run/phases.js';
import { useRunInfo } from '../run/run-info.js';
import type { RunStore } from '../run/run-store.js';
import { timesOf } from '../run/sentence.js';
import { useRunStore, useSnapshot } from '../run/use-run.js';
import styles from './compare.module.css';

/** The number of jobs shown at first: those that differ most. */
const shownFirst = 200;
/** Smaller differences do not matter to people. */
const smallMs = 100;

/**
 * Two runs job by job, by their largest differences. A single run is compared with the previous one of its workflow.
 */
export function ComparePage() {
  useTitle('Compare');
  const { a, b } = useSearch({ from: '/compare' });
  const { data: second } = useRunInfo(b);
  const before = useQuery({
    queryKey: ['run-before', b],
    queryFn: async ({ signal }) => {
      if (second === undefined || second === null) return null;
      const { runs } = await workflows.listRuns(
        { workflow: second.workflow, createdBeforeMs: second.createdAtMs, limit: 1 },
        { signal },
      );
      return runs[0]?.runId ?? null;
    },
    enabled: a === undefined && second !== undefined && second !== null,
  });
  const first = a ?? before.data ?? undefined;
  if (b === undefined) {
    return <Empty title="Nothing to compare">{<p>Choose two runs in the list of runs.</p>}</Empty>;
  }
  if (first !== undefined) return <Comparison a={first} b={b} />;
  if (before.data === null) {
    return (
      <Empty title="There is no run before it">
        <p>
          <Link to="/runs/$run" params={{ run: b }} search={{}}>
            Run {shortId(b)}
          </Link>{' '}
          is the first of its workflow that is kept.
        </p>
      </Empty>
    );
  }
  return <Skeleton rows={10} label="Looking for the run before" />;
}

function Comparison({ a, b }: { a: string; b: string }) {
  const first = useRunStore(a);
  const second = useRunStore(b);
  const failed = [first, second].find(({ isError }) => isError);
  if (failed !== undefined) return <Failed error={failed.error} retry={() => failed.refetch()} />;
  if (first.data === undefined || second.data === undefined) return <Skeleton rows={10} label="Loading two runs" />;
  return <Jobs a={first.data.store} b={second.data.store} />;
}

function Jobs({ a, b }: { a: RunStore; b: RunStore }) {
  const navigate = useNavigate({ from: '/compare' });
  const [shown, setShown] = useState(shownFirst);
  const [onlyDifferent, setOnlyDifferent] = useState(true);
  const infoA = useRunInfo(a.runId).data ?? undefined;
  const infoB = useRunInfo(b.runId).data ?? undefined;
  const all = differencesOf(useSnapshot(a).jobs, useSnapshot(b).jobs);
  const rows = onlyDifferent ? all.filter(differs) : all;
  return (
    <>
      <div className={styles.head}>
        <h1>Compare</h1>
        <button
          type="button"
          className="button"
          onClick={() => navigate({ search: { a: b.runId, b: a.runId }, replace: true })}
        >
          Swap
        </button>
      </div>
      <div className={styles.runs}>
        <RunCard word="A" run={infoA} runId={a.runId} />
        <RunCard word="B" run={infoB} runId={b.runId} />
      </div>
      <Inputs a={infoA} b={infoB} />
      <div className={styles.tools}>
        <label>
          <input type="checkbox" checked={onlyDifferent} onChange={({ target }) => setOnlyDifferent(target.checked)} />
          Only what differs
        </label>
        <span className={styles.quiet}>
          {formatCount(all.filter(differs).length)} of {plural(all.length, 'job')} differ
        </span>
      </div>
      {rows.length === 0 ? (
        <Empty title="No job differs by a tenth of a second or in how it ended" />
      ) : (
        <div className={styles.scroll}>
          <table className={`card ${styles.table}`}>
            <caption className="hidden-text">Jobs of both runs, the largest differences first</caption>
            <thead>
              <tr>
                <th scope="col">Job</th>
                <th scope="col">A</th>
                <th scope="col">B</th>
                <th scope="col">Ran</th>
                <th scope="col">Waited for a worker</th>
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, shown).map((row) => (
                <tr key={row.id}>
                  <th scope="row">{visible(row.id, 120)}</th>
                  <td>
                    <JobCell job={row.a} runId={a.runId} />
                  </td>
                  <td>
                    <JobCell job={row.b} runId={b.runId} />
                  </td>
                  <td>
                    <Delta ms={row.ranMs} />
                  </td>
                  <td>
                    <Delta ms={row.waitedMs} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rows.length > shown ? (
        <button type="button" className={`button ${styles.more}`} onClick={() => setShown(shown + 500)}>
          Show more of {rows.length}
        </button>
      ) : null}
    </>
  );
}

function RunCard({ word, run, runId }: { word: string; run: Run | undefined; runId: string }) {
  const look = lookOfState(run?.state);
  return (
    <section className={`card ${styles.run}`} aria-label={`Run ${word}`}>
      <span className={styles.letter}>{word}</span>
      <div>
        <Link to="/runs/$run" params={{ run: runId }} search={{}} className={styles.name}>
          {run === undefined
            ? shortId(runId)
            : `${visible(workflowName(run.workflow, run.name), 80)} ${shortId(runId)}`}
        </Link>
        {run === undefined ? null : (
          <p className={styles.facts}>
            <StateMark look={look} /> {runWords[look]} · <Elapsed {...timesOf(run)} /> · version {run.version} ·{' '}
            <Ago ms={Number(run.createdAtMs)} />
          </p>
        )}
      </div>
    </section>
  );
}

function Inputs({ a, b }: { a: Run | undefined; b: Run | undefined }) {
  const names = [...new Set([...Object.keys(a?.inputs ?? {}), ...Object.keys(b?.inputs ?? {})])];
  const changed = names.filter((name) => a?.inputs[name] !== b?.inputs[name]);
  if (changed.length === 0) return null;
  return (
    <p className={styles.inputs}>
      {changed.slice(0, 10).map((name) => (
        <code key={name}>
          {visible(name, 60)}: {visible(a?.inputs[name] ?? 'none', 60)} → {visible(b?.inputs[name] ?? 'none', 60)}
        </code>
      ))}
    </p>
  );
}

function JobCell({ job, runId }: { job: JobRow | null; runId: string }) {
  if (job === null) return <span className={styles.quiet}>not there</span>;
  const ran = ranMs(job);
  const waited = waitedMs(job);
  const title = waited === null ? jobWords[job.look] : `${jobWords[job.look]}, waited ${formatDuration(waited)}`;
  return (
    <Link
      to="/runs/$run/jobs/$job"
      params={{ run: runId, job: job.id }}
      search={{}}
      className={styles.job}
      title={title}
    >
      <StateMark look={job.look} word={jobWords[job.look]} />
      {ran === null ? '' : formatDuration(ran)}
    </Link>
  );
}

function Delta({ ms }: { ms: number | null }) {
  if (ms === null || Math.abs(ms) < smallMs) return <span className={styles.quiet}>–</span>;
  return (
    <span className={ms > 0 ? styles.longer : styles.shorter}>
      {ms > 0 ? '+' : '−'}
      {formatDuration(Math.abs(ms))}
    </span>
  );
}

function differs({ hasOtherEnd, ranMs: ran, waitedMs: waited }: Difference): boolean {
  return hasOtherEnd || Math.abs(ran ?? 0) >= smallMs || Math.abs(waited ?? 0) >= smallMs;
}
