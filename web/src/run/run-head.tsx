import { Link } from '@tanstack/react-router';
import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { Ago, Elapsed } from '../parts/duration.js';
import { formatCount, shortId, visible } from '../parts/format.js';
import type { Counts } from '../parts/state-bar.js';
import { StateMark } from '../parts/state-mark.js';
import { isOver, type Look, lookOfState, runWords } from './phases.js';
import styles from './run-head.module.css';
import type { RunSnapshot } from './run-store.js';

const looksOfEvents: Readonly<Record<string, Look>> = {
  'run.queued': 'waiting',
  'run.running': 'running',
  'run.success': 'success',
  'run.failure': 'failure',
  'run.cancelled': 'cancelled',
};

/** The state of a run: from its last event, else from the server's response, else from its jobs. */
export function lookOfRun({ runEvent, counts, tolerated, jobs }: RunSnapshot, run: Run | undefined): Look {
  const said = runEvent === null ? undefined : looksOfEvents[runEvent.type];
  if (said !== undefined) return said;
  // After a re-run the previous statements about the run are outdated.
  if (run !== undefined && runEvent?.type !== 'run.rerun') {
    const look = lookOfState(run.state);
    // Jobs are running that were not at the time of the request.
    return look === 'waiting' && counts.running + counts.success + counts.failure > 0 ? 'running' : look;
  }
  return lookOfCounts(counts, tolerated, jobs.length);
}

function lookOfCounts(counts: Counts, tolerated: number, jobs: number): Look {
  const over = counts.success + counts.failure + counts.skipped + counts.cancelled;
  if (over < jobs) return over + counts.running + counts.delayed + counts.held > 0 ? 'running' : 'waiting';
  return counts.failure > tolerated ? 'failure' : counts.cancelled > 0 ? 'cancelled' : 'success';
}

/** The facts of a run and its progress. */
export function RunHead({
  name,
  run,
  snapshot,
  children,
}: {
  name: string;
  run: Run | undefined;
  snapshot: RunSnapshot;
  children?: React.ReactNode;
}) {
  const look = lookOfRun(snapshot, run);
  const { jobs, counts } = snapshot;
  const done = counts.success + counts.failure + counts.skipped + counts.cancelled;
  const fromMs = startOf(snapshot, run);
  const endMs = isOver(look) ? endOf(snapshot, run) : null;
  const inputs = Object.entries(run?.inputs ?? {});
  return (
    <header className={styles.head}>
      <div className={styles.title}>
        <StateMark look={look} size={22} />
        <h1>{visible(name, 200)}</h1>
        {run?.runName === undefined ? null : <span data-testid="run-name">{visible(run.runName, 200)}</span>}
        <span className={styles.state} data-look={look} data-testid="run-state">
          {runWords[look]}
        </span>
        <span className={styles.actions}>{children}</span>
      </div>
      <p className={styles.facts}>
        <span className="num">
          {formatCount(done)} of {formatCount(jobs.length)} {jobs.length === 1 ? 'job' : 'jobs'} done
        </span>
        {fromMs === null ? null : (
          <span>
            <Elapsed fromMs={fromMs} toMs={endMs} />
          </span>
        )}
        {run === undefined ? null : (
          <>
            <span>
              created <Ago ms={Number(run.createdAtMs)} />
              {run.startedBy === undefined ? '' : ` by ${visible(run.startedBy, 80)}`}
            </span>
            <span>version {run.version}</span>
            {run.generation > 1 ? (
              <span>re-run {run.generation === 2 ? 'once' : `${run.generation - 1} times`}</span>
            ) : null}
            {run.rerunOf === undefined ? null : (
              <span>
                repeats{' '}
                <Link to="/runs/$run" params={{ run: run.rerunOf }} search={{}}>
                  {shortId(run.rerunOf)}
                </Link>
              </span>
            )}
          </>
        )}
        {inputs.slice(0, 6).map(([name, value]) => (
          <code key={name}>{visible(`${name}=${value}`, 80)}</code>
        ))}
        {inputs.length > 6 ? <span>and {inputs.length - 6} inputs more</span> : null}
      </p>
    </header>
  );
}

function startOf({ jobs }: RunSnapshot, run: Run | undefined): number | null {
  if (run?.startedAtMs !== undefined) return Number(run.startedAtMs);
  return jobs.reduce<number | null>(
    (first, { startedMs }) => (startedMs !== null && (first === null || startedMs < first) ? startedMs : first),
    null,
  );
}

function endOf({ jobs, runEvent }: RunSnapshot, run: Run | undefined): number | null {
  if (runEvent !== null) return runEvent.atMs;
  if (run?.endedAtMs !== undefined) return Number(run.endedAtMs);
  return jobs.reduce<number | null>(
    (last, { endedMs }) => (endedMs === null ? last : Math.max(last ?? 0, endedMs)),
    null,
  );
}
