import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { RunState } from '../../gen/workflowgraph/v1/types_pb.js';
import { workflows } from '../api/transport.js';
import { BulkBar } from '../bulk/bulk-bar.js';
import { useChosen } from '../bulk/use-chosen.js';
import { useRowKeys } from '../keys/row-keys.js';
import { plural } from '../parts/format.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import { workflowName } from '../parts/workflow-name.js';
import { lookOfState, runWords } from '../run/phases.js';
import { byCreation, useLiveRuns } from '../runs/live-runs.js';
import { RunRow } from '../runs/run-row.js';
import { type RunFilter, type RunsSearch, runFilters } from '../url/runs-search.js';
import styles from './runs.module.css';

const states: Readonly<Record<RunFilter, RunState>> = {
  waiting: RunState.QUEUED,
  running: RunState.RUNNING,
  success: RunState.SUCCESS,
  failure: RunState.FAILURE,
  cancelled: RunState.CANCELLED,
};

export function RunsPage() {
  useTitle('Runs');
  const search = useSearch({ from: '/runs' });
  const query = useRuns(search);
  const first = query.data?.pages[0];
  const { changed, now } = useLiveRuns(first?.lastEvent);
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list);
  const shown = (query.data?.pages ?? []).flatMap(({ runs }) => runs).map(now);
  const fresh = newRuns(shown, changed, search);
  const { kept, news, take } = useHeldBack(fresh, list);
  const rows = [...kept, ...shown];
  const chosen = useChosen(rows, list);
  return (
    <>
      <div className={styles.head}>
        <h1>Runs</h1>
        {/* Beside the title, where it moves no row. */}
        {news === 0 ? null : (
          <button type="button" className={styles.news} onClick={take}>
            Show {plural(news, 'new run')}
          </button>
        )}
        <Filters search={search} name={shown[0]?.name} />
      </div>
      {query.isError ? (
        <Failed error={query.error} retry={() => query.refetch()} />
      ) : query.isPending ? (
        <Skeleton rows={10} label="Loading runs" />
      ) : rows.length === 0 && !query.hasNextPage ? (
        <NoRuns search={search} />
      ) : (
        <>
          <ul ref={list} className="card" aria-label="Runs, newest first">
            {rows.map((run) => (
              <RunRow key={run.runId} run={run} chosen={{ isChosen: chosen.has(run.runId), toggle: chosen.toggle }} />
            ))}
          </ul>
          {query.hasNextPage ? (
            <button
              type="button"
              className={`button ${styles.more}`}
              disabled={query.isFetchingNextPage}
              onClick={() => query.fetchNextPage()}
            >
              {query.isFetchingNextPage ? 'Loading…' : 'Older runs'}
            </button>
          ) : null}
          <BulkBar runs={chosen.runs} onClear={() => chosen.all(false)} />
        </>
      )}
    </>
  );
}

function useRuns(search: RunsSearch) {
  return useInfiniteQuery({
    queryKey: ['runs', search],
    queryFn: ({ pageParam, signal }) =>
      workflows.listRuns(
        {
          limit: 50,
          pageToken: pageParam,
          withDetails: true,
          states: search.state === undefined ? [] : [states[search.state]],
          workflows: search.workflow === undefined ? [] : [search.workflow],
          startedBy: search.by ?? '',
          query: search.q ?? '',
        },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: ({ nextPageToken }) => (nextPageToken === '' ? undefined : nextPageToken),
    // The stream keeps it up to date while the page is shown.
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Runs missing in the response because they are newer, if they match the filters. */
function newRuns(shown: readonly Run[], changed: ReadonlyMap<string, Run>, search: RunsSearch): Run[] {
  const known = new Set(shown.map(({ runId }) => runId));
  const newest = shown[0]?.runId ?? '';
  return [...changed.values()]
    .filter((run) => !known.has(run.runId) && run.runId > newest && matches(run, search))
    .sort(byCreation);
}

function matches(run: Run, { state, workflow, by, q }: RunsSearch): boolean {
  if (state !== undefined && lookOfState(run.state) !== state) return false;
  if (workflow !== undefined && run.workflow !== workflow) return false;
  if (by !== undefined && run.startedBy !== by) return false;
  return q === undefined || run.workflow.startsWith(q) || (q.length >= 6 && run.runId.startsWith(q));
}

/**
 * New runs are inserted while the reader is at the top and idle; otherwise they are counted, so that no row moves under
 * the pointer.
 */
function useHeldBack(fresh: readonly Run[], list: React.RefObject<HTMLElement | null>) {
  const [taken, setTaken] = useState<ReadonlySet<string>>(new Set());
  const waiting = fresh.filter(({ runId }) => !taken.has(runId));
  const take = () => setTaken(new Set(fresh.map(({ runId }) => runId)));
  useEffect(() => {
    if (waiting.length === 0) return;
    const isLeftAlone = window.scrollY < 40 && list.current?.matches(':hover, :focus-within') !== true;
    if (isLeftAlone) setTaken(new Set(fresh.map(({ runId }) => runId)));
  }, [fresh, waiting.length, list]);
  return { kept: fresh.filter(({ runId }) => taken.has(runId)), news: waiting.length, take };
}

/** @param name of the workflow in the filter, if a run of it is shown */
function Filters({ search, name }: { search: RunsSearch; name: string | undefined }) {
  const navigate = useNavigate({ from: '/runs' });
  const set = (change: Partial<Record<keyof RunsSearch, string | undefined>>) =>
    navigate({ search: (before: RunsSearch) => ({ ...before, ...change }) as RunsSearch, replace: true });
  return (
    <search className={styles.filters}>
      <label>
        <span className="hidden-text">State</span>
        <select
          className="field"
          value={search.state ?? ''}
          onChange={({ target }) => set({ state: target.value === '' ? undefined : target.value })}
        >
          <option value="">All states</option>
          {runFilters.map((state) => (
            <option key={state} value={state}>
              {runWords[state]}
            </option>
          ))}
        </select>
      </label>
      <SearchField value={search.q ?? ''} onChange={(q) => set({ q: q === '' ? undefined : q })} />
      {search.workflow === undefined ? null : (
        <button type="button" className="button" onClick={() => set({ workflow: undefined })}>
          workflow {workflowName(search.workflow, name)} <span aria-hidden="true">×</span>
          <span className="hidden-text">: remove this filter</span>
        </button>
      )}
      {search.by === undefined ? null : (
        <button type="button" className="button" onClick={() => set({ by: undefined })}>
          by {search.by} <span aria-hidden="true">×</span>
          <span className="hidden-text">: remove this filter</span>
        </button>
      )}
    </search>
  );
}

/** Queries when the reader pauses, not with each letter. */
function SearchField({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => latest.current(text.trim()), 250);
    return () => clearTimeout(timer);
  }, [text, value]);
  return (
    <input
      type="search"
      className={`field ${styles.search}`}
      placeholder="Workflow or run id"
      aria-label="Find runs by the start of their workflow or id"
      value={text}
      onChange={({ target }) => setText(target.value)}
    />
  );
}

function NoRuns({ search }: { search: RunsSearch }) {
  const navigate = useNavigate();
  if (Object.keys(search).length > 0) {
    return (
      <Empty title="No run matches these filters">
        <button type="button" className="button" onClick={() => navigate({ to: '/runs', search: {} })}>
          Clear the filters
        </button>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing has run yet">
      <p>
        Start one of{' '}
        <Link to="/workflows" search={{}}>
          the workflows
        </Link>
        , or from the command line:
      </p>
      <pre>npx workflow-graph run &lt;workflow&gt;</pre>
    </Empty>
  );
}
