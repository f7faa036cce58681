import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useRef } from 'react';
import { workflows } from '../api/transport.js';
import { useRowKeys } from '../keys/row-keys.js';
import { visible } from '../parts/format.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import { workflowName } from '../parts/workflow-name.js';
import { byCreation, useLiveRuns } from '../runs/live-runs.js';
import { RunRow } from '../runs/run-row.js';
import { Schedules } from '../schedules/schedules.js';
import { StartLink } from '../start/start-link.js';
import { BrokenFileNote } from '../workflows/broken-file.js';
import { Trend } from '../workflows/trend.js';
import { useWorkflow } from '../workflows/use-workflow.js';
import { WorkflowHead } from '../workflows/workflow-head.js';
import styles from './runs.module.css';
import tabs from './workflow.module.css';

const shownRuns = 50;

const DefinitionTab = lazy(() => import('../definition/definition-tab.js'));
const TrendTab = lazy(() => import('../workflows/trend-tab.js'));
const HistoryGrid = lazy(() => import('../workflows/history-grid.js'));

/** A workflow: its facts, and its runs, newest first. */
export function WorkflowPage() {
  const { id } = useParams({ from: '/workflows/$id' });
  const { tab } = useSearch({ from: '/workflows/$id' });
  const query = useQuery({
    queryKey: ['workflow-runs', id],
    queryFn: ({ signal }) => workflows.listRuns({ workflow: id, limit: shownRuns, withDetails: true }, { signal }),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { data: summary } = useWorkflow(id);
  const { changed, now } = useLiveRuns(query.data?.lastEvent);
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list);
  const answered = query.data?.runs ?? [];
  const name = workflowName(id, summary?.name ?? answered[0]?.name);
  useTitle(name);
  const known = new Set(answered.map(({ runId }) => runId));
  const fresh = [...changed.values()].filter(({ runId, workflow }) => workflow === id && !known.has(runId));
  const rows = [...fresh.sort(byCreation), ...answered.map(now)];
  return (
    <>
      <div className={styles.head}>
        <WorkflowHead name={name} summary={summary ?? null} />
        <div className={styles.filters}>
          <Link to="/runs" search={{ workflow: id }} className="button">
            Filter its runs
          </Link>
          {summary === null || summary?.version === 0 ? null : <StartLink workflow={id} isMain />}
        </div>
      </div>
      {summary?.broken === undefined ? null : <BrokenFileNote broken={summary.broken} />}
      <Trend runs={rows} />
      <Schedules workflow={id} />
      <nav className={tabs.tabs} aria-label="Views of this workflow">
        <Link
          to="/workflows/$id"
          params={{ id }}
          search={{}}
          className={tabs.tab}
          activeOptions={{ exact: true, includeSearch: true }}
        >
          Runs
        </Link>
        <Link to="/workflows/$id" params={{ id }} search={{ tab: 'jobs' }} className={tabs.tab}>
          Jobs
        </Link>
        <Link to="/workflows/$id" params={{ id }} search={{ tab: 'trend' }} className={tabs.tab}>
          Trend
        </Link>
        <Link to="/workflows/$id" params={{ id }} search={{ tab: 'definition' }} className={tabs.tab}>
          Definition
        </Link>
      </nav>
      {tab === 'trend' ? (
        <Suspense fallback={<Skeleton rows={8} label="Loading statistics" />}>
          <TrendTab workflow={id} />
        </Suspense>
      ) : tab === 'definition' && summary?.version !== 0 ? (
        <Suspense fallback={<Skeleton rows={12} label="Loading the definition" />}>
          <DefinitionTab workflow={id} />
        </Suspense>
      ) : tab === 'jobs' ? (
        <Suspense fallback={<Skeleton rows={10} label="Loading the history of jobs" />}>
          <HistoryGrid workflow={id} />
        </Suspense>
      ) : query.isError && summary?.broken !== undefined && summary.version === 0 ? (
        <Empty title="It has never been loaded, so it cannot run" />
      ) : query.isError ? (
        <Failed error={query.error} retry={() => query.refetch()} />
      ) : query.isPending ? (
        <Skeleton rows={8} label="Loading runs" />
      ) : rows.length === 0 ? (
        <Empty title="It has not run">
          <p>Start it here, or from the command line:</p>
          <pre>npx workflow-graph run {visible(id, 200)}</pre>
        </Empty>
      ) : (
        <ul ref={list} className="card" aria-label={`Runs of ${name}, newest first`}>
          {rows.map((run) => (
            <RunRow key={run.runId} run={run} />
          ))}
        </ul>
      )}
    </>
  );
}
