import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { RunState } from '../../gen/workflowgraph/v1/types_pb.js';
import { workers, workflows } from '../api/transport.js';
import { Capacity } from '../overview/capacity.js';
import { LastDay } from '../overview/last-day.js';
import { needingPeople } from '../overview/needing-people.js';
import { serverNow } from '../parts/clock.js';
import { plural } from '../parts/format.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import { lookOfState } from '../run/phases.js';
import { byCreation, useLiveRuns } from '../runs/live-runs.js';
import { RunRow } from '../runs/run-row.js';
import styles from './overview.module.css';

const dayMs = 24 * 3_600_000;

export function OverviewPage() {
  const recent = useQuery({
    queryKey: ['overview'],
    queryFn: async ({ signal }) => {
      const [open, all] = await Promise.all([
        workflows.listRuns({ limit: 50, withDetails: true, states: [RunState.QUEUED, RunState.RUNNING] }, { signal }),
        workflows.listRuns({ limit: 50, withDetails: true }, { signal }),
      ]);
      const after = open.lastEvent < all.lastEvent ? open.lastEvent : all.lastEvent;
      return { runs: merged([...open.runs, ...all.runs]), after, isAll: open.nextPageToken === '' };
    },
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const capacity = useQuery({
    queryKey: ['workers'],
    queryFn: ({ signal }) => workers.listWorkers({ limit: 1_000 }, { signal }),
    refetchInterval: 60_000,
  });
  const { changed } = useLiveRuns(recent.data?.after);
  const all = merged([...changed.values(), ...(recent.data?.runs ?? [])]);
  const needing = needingPeople(all, serverNow() - dayMs);
  const isNeeding = new Set(needing);
  const open = all.filter((run) => isOpen(run.state) && !isNeeding.has(run));
  const ended = all.filter((run) => !isOpen(run.state) && !isNeeding.has(run)).slice(0, 12);
  useTitle(needing.length > 0 ? `${needing.length} need you · Overview` : 'Overview');

  if (recent.isError) return <Failed error={recent.error} retry={() => recent.refetch()} />;
  return (
    <div className={styles.page}>
      <h1 className="hidden-text">Overview</h1>
      <div className={styles.main}>
        {recent.isPending ? (
          <Skeleton rows={8} label="Loading runs" />
        ) : all.length === 0 ? (
          <Welcome />
        ) : (
          <>
            <Section
              title="Needs you"
              runs={needing}
              none="Nothing failed in the last day, and every queued job has a worker that can run it."
            />
            <Section
              title="Running"
              runs={open}
              none={
                needing.some(({ state }) => isOpen(state))
                  ? 'Nothing else runs at the moment.'
                  : 'Nothing runs at the moment.'
              }
            />
            <LastDay />
            <Section
              title="Ended lately"
              runs={ended}
              none={
                needing.some(({ state }) => !isOpen(state))
                  ? 'No other run has ended lately.'
                  : 'No run has ended lately.'
              }
            >
              <Link to="/runs" search={{}}>
                All runs
              </Link>
            </Section>
          </>
        )}
      </div>
      <aside className={styles.side} aria-label="Capacity">
        <Capacity workers={capacity.data?.workers} error={capacity.error} />
      </aside>
      <p className="hidden-text" role="status">
        {needing.length === 0 ? '' : `${plural(needing.length, 'run needs', 'runs need')} attention`}
      </p>
    </div>
  );
}

function Section({
  title,
  runs,
  none,
  children,
}: {
  title: string;
  runs: readonly Run[];
  none: string;
  children?: React.ReactNode;
}) {
  return (
    <section className={styles.section}>
      <div className={styles.head}>
        <h2>{title}</h2>
        {children}
      </div>
      {runs.length === 0 ? (
        <p className={styles.none}>{none}</p>
      ) : (
        <ul className="card" aria-label={title}>
          {runs.map((run) => (
            <RunRow key={run.runId} run={run} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Welcome() {
  return (
    <Empty title="Nothing has run yet">
      <p>
        A workflow is a file in the server's folder of workflows.{' '}
        <Link to="/workflows" search={{}}>
          The workflows
        </Link>{' '}
        that are there can be started from their pages, or from the command line:
      </p>
      <pre>{'npx workflow-graph run <workflow>'}</pre>
    </Empty>
  );
}

function isOpen(state: RunState): boolean {
  const look = lookOfState(state);
  return look === 'running' || look === 'waiting';
}

/** Each run once, the first of its kind, newest first. */
function merged(runs: readonly Run[]): Run[] {
  const byId = new Map<string, Run>();
  for (const run of runs) if (!byId.has(run.runId)) byId.set(run.runId, run);
  return [...byId.values()].sort(byCreation);
}
