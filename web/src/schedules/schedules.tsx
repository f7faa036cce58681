import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schedule } from '../../gen/workflowgraph/v1/schedules_pb.js';
import { describeFailure } from '../api/errors.js';
import { can, useSession } from '../api/session.js';
import { workflows } from '../api/transport.js';
import { useNow } from '../parts/clock.js';
import { formatDuration, formatExact, visible } from '../parts/format.js';
import styles from './schedules.module.css';

/** When a workflow starts by itself: its schedules with their next times, and the results of the last ones. */
export function Schedules({ workflow }: { workflow: string }) {
  const query = useQuery({
    queryKey: ['schedules', workflow],
    queryFn: async ({ signal }) => (await workflows.listSchedules({ workflow }, { signal })).schedules,
    refetchInterval: 60_000,
  });
  if (query.data === undefined || query.data.length === 0) return null;
  return (
    <ul className={`card ${styles.schedules}`} aria-label="Schedules">
      {query.data.map((schedule) => (
        <ScheduleRow key={schedule.id} schedule={schedule} />
      ))}
    </ul>
  );
}

function ScheduleRow({ schedule }: { schedule: Schedule }) {
  const { data: session } = useSession();
  const queries = useQueryClient();
  const [problem, setProblem] = useState('');
  const mayPause = can(session, 'submit');
  const isPaused = schedule.pausedAtMs !== undefined;
  const inputs = Object.entries(schedule.inputs);

  async function toggle(): Promise<void> {
    setProblem('');
    try {
      const place = { id: schedule.workflow, schedule: schedule.id };
      if (isPaused) await workflows.resumeSchedule(place);
      else await workflows.pauseSchedule(place);
      await queries.invalidateQueries({ queryKey: ['schedules', schedule.workflow] });
    } catch (error) {
      setProblem(describeFailure(error).sentence);
    }
  }

  return (
    <li className={styles.row}>
      <span className={styles.what}>
        <code className={styles.cron}>{visible(schedule.cron, 60)}</code>
        <span className={styles.quiet}>{visible(schedule.timezone, 60)}</span>
        {inputs.slice(0, 4).map(([name, value]) => (
          <code key={name}>{visible(`${name}=${value}`, 60)}</code>
        ))}
      </span>
      <span className={styles.next}>
        {isPaused ? (
          <strong>paused{schedule.pausedBy === undefined ? '' : ` by ${visible(schedule.pausedBy, 60)}`}</strong>
        ) : schedule.nextAtMs === undefined ? (
          'never again'
        ) : (
          <Next ms={Number(schedule.nextAtMs)} />
        )}
      </span>
      <button
        type="button"
        className="button"
        disabled={!mayPause}
        title={mayPause ? undefined : 'Needs a token with the scope submit'}
        onClick={toggle}
      >
        {isPaused ? 'Resume' : 'Pause'}
      </button>
      <span className={styles.explanation}>
        {visible(schedule.explanation, 400)}{' '}
        {schedule.lastRunId === undefined ? null : (
          <Link to="/runs/$run" params={{ run: schedule.lastRunId }} search={{}}>
            Last run
          </Link>
        )}
      </span>
      {problem === '' ? null : (
        <span className={styles.problem} role="alert">
          {problem}
        </span>
      )}
    </li>
  );
}

function Next({ ms }: { ms: number }) {
  const now = useNow(true);
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatExact(ms)}>
      next in {formatDuration(Math.max(0, ms - now))}
    </time>
  );
}
