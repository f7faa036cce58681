import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo } from 'react';
import { HeldNote } from '../gates/held-note.js';
import { useKeys } from '../keys/use-keys.js';
import { Crumbs } from '../parts/crumbs.js';
import { shortId, visible } from '../parts/format.js';
import { StateBar } from '../parts/state-bar.js';
import { Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import { workflowName } from '../parts/workflow-name.js';
import { choicesOfRun } from '../rerun/choice.js';
import { Rerun } from '../rerun/rerun.js';
import { CancelRun } from '../run/cancel-run.js';
import { FilterBar } from '../run/filter-bar.js';
import { Graph } from '../run/graph/graph.js';
import { JobList } from '../run/list/job-list.js';
import { JobMap } from '../run/map/job-map.js';
import { openNodes, toggledNodes } from '../run/matching-jobs.js';
import { isOver, type Look } from '../run/phases.js';
import { Reasons } from '../run/reasons.js';
import { lookOfRun, RunHead } from '../run/run-head.js';
import { useRunInfo } from '../run/run-info.js';
import type { RunStore } from '../run/run-store.js';
import { Timeline } from '../run/timeline/timeline.js';
import { useChildren, useRunStore, useSnapshot } from '../run/use-run.js';
import { useWhy } from '../run/why/use-why.js';
import { WhyView } from '../run/why/why-view.js';
import { StartLink } from '../start/start-link.js';
import { type RunSearch, type RunView, runViews } from '../url/run-search.js';
import styles from './run.module.css';

const words: Readonly<Record<RunView, string>> = { list: 'List', graph: 'Graph', timeline: 'Timeline', why: 'Why' };

/** Fewer jobs all fit on the screen. */
const mapFrom = 30;

export function RunPage() {
  const { run } = useParams({ from: '/runs/$run' });
  const navigate = useNavigate();
  const query = useRunStore(run);
  const runId = query.data?.store.runId;
  // A workflow's id means its newest run; the address is then replaced by that run's.
  useEffect(() => {
    if (runId !== undefined && runId !== run) {
      navigate({ to: '/runs/$run', params: { run: runId }, search: (before: RunSearch) => before, replace: true });
    }
  }, [runId, run, navigate]);
  if (query.isError) return <Failed error={query.error} retry={() => query.refetch()} />;
  if (query.data === undefined) return <Skeleton rows={12} label="Loading the run" />;
  const { store, workflow, graph } = query.data;
  return <ShownRun key={store.runId} store={store} workflow={workflow} name={workflowName(workflow, graph.name)} />;
}

function ShownRun({ store, workflow, name }: { store: RunStore; workflow: string; name: string }) {
  const search = useSearch({ from: '/runs/$run' });
  const navigate = useNavigate({ from: '/runs/$run' });
  const snapshot = useSnapshot(store);
  const why = useWhy(store.runId, snapshot);
  const info = useRunInfo(store.runId);
  const generation = snapshot.reruns;
  const { refetch } = info;
  useEffect(() => {
    // A re-run invalidates the statements about the whole run.
    if (generation > 0) void refetch();
  }, [generation, refetch]);
  const look = lookOfRun(snapshot, info.data ?? undefined);
  useTitle(`${signs[look] ?? ''}${name}`);
  const view = search.view ?? 'list';
  const open = useMemo(() => openNodes(search.open), [search.open]);
  useChildren(store, open, snapshot);
  const change = (next: Partial<Record<keyof RunSearch, string | undefined>>) =>
    navigate({
      search: (before: RunSearch) => ({ ...before, ...next }) as RunSearch,
      replace: true,
      resetScroll: false,
    });
  const show = (next: RunView) => change({ view: next === 'list' ? undefined : next });
  const choices = choicesOfRun(snapshot.jobs, {
    failed: snapshot.counts.failure + snapshot.counts.cancelled,
    isOver: isOver(look),
  });
  const firstFailed = snapshot.jobs.find((job) => job.look === 'failure' && !job.isTolerated);
  useKeys({
    1: () => show('list'),
    2: () => show('graph'),
    3: () => show('timeline'),
    4: () => show('why'),
    n: () =>
      firstFailed === undefined
        ? undefined
        : navigate({ to: '/runs/$run/jobs/$job', params: { run: store.runId, job: firstFailed.id }, search: {} }),
  });
  return (
    <div className={styles.page}>
      <Crumbs>
        <Link to="/runs" search={{}}>
          Runs
        </Link>
        <Link to="/workflows/$id" params={{ id: workflow }}>
          {visible(name, 80)}
        </Link>
        <span>{shortId(store.runId)}</span>
      </Crumbs>
      <RunHead name={name} run={info.data ?? undefined} snapshot={snapshot}>
        <Rerun runId={store.runId} choices={choices} />
        {isOver(look) ? <StartLink workflow={workflow} from={store.runId} /> : null}
        {isOver(look) ? (
          <Link to="/compare" search={{ b: store.runId }} className="button" title="With the run before it">
            Compare
          </Link>
        ) : null}
        {isOver(look) ? null : <CancelRun runId={store.runId} counts={snapshot.counts} />}
      </RunHead>
      <StateBar counts={snapshot.counts} />
      {info.data?.held === true && !isOver(look) ? (
        <HeldNote runId={store.runId} group={info.data.group ?? ''} />
      ) : null}
      {why.data === undefined || view === 'why' ? null : <Reasons runId={store.runId} answer={why.data} />}
      {snapshot.jobs.length < mapFrom || view === 'graph' || view === 'why' ? null : (
        <JobMap jobs={snapshot.jobs} runId={store.runId} />
      )}
      <div className={styles.views}>
        <nav className={styles.tabs} aria-label="Views of this run">
          {runViews.map((one, n) => (
            <button
              key={one}
              type="button"
              className={styles.tab}
              aria-pressed={one === view}
              title={`Key ${n + 1}`}
              onClick={() => show(one)}
            >
              {words[one]}
            </button>
          ))}
        </nav>
        {view === 'graph' || view === 'why' ? null : (
          <FilterBar
            counts={snapshot.counts}
            state={search.state}
            q={search.q ?? ''}
            onState={(state: Look | undefined) => change({ state })}
            onSearch={(q) => change({ q: q === '' ? undefined : q })}
          />
        )}
      </div>
      {view === 'list' ? (
        <JobList
          runId={store.runId}
          jobs={snapshot.jobs}
          state={search.state}
          q={search.q ?? ''}
          unfolded={{ open, children: snapshot.children }}
          onUnfold={(node) => change({ open: toggledNodes(search.open, node) })}
        />
      ) : null}
      {view === 'timeline' ? (
        <Timeline runId={store.runId} jobs={snapshot.jobs} state={search.state} q={search.q ?? ''} />
      ) : null}
      {view !== 'why' ? null : why.data !== undefined ? (
        <WhyView runId={store.runId} answer={why.data} />
      ) : why.isError ? (
        <Failed error={why.error} retry={() => why.refetch()} />
      ) : (
        <Skeleton rows={4} label="Asking why" />
      )}
      {view === 'graph' ? <Graph store={store} /> : null}
    </div>
  );
}

const signs: Partial<Record<Look, string>> = { success: '✓ ', failure: '✗ ', running: '◐ ' };
