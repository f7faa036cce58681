import { firstChildOrdinal } from '../../domain/matrix/matrix-spec.js';
import type { JobState } from '../../domain/states.js';
import { jobIdOf, ordinalOfJob } from '../../store/job-id.js';
import { lastEventNumber } from '../../store/statements/events.js';
import { type RunJobRow, runJobs } from '../../store/statements/run-jobs.js';
import { runViews } from '../../store/statements/views.js';
import type { EngineContext } from '../context.js';
import { findRun } from '../runs/find-run.js';
import { yieldToEventLoop } from '../writer/yield-turn.js';
import { jobsPerPage } from './workflow-rows.js';

export interface RunJobsQuery {
  /** A run's id, or a workflow's, which means its newest run. */
  readonly id: string;
  readonly fromOrdinal: number;
  readonly limit: number;
  /** Empty for every state. */
  readonly states: readonly JobState[];
}

/** What changes about a job. */
export interface RunJobView {
  readonly ordinal: number;
  readonly state: JobState;
  readonly attempt: number;
  readonly enqueuedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly workerId: string | null;
  readonly hasError: boolean;
  readonly isTolerated: boolean;
}

export interface RunJobsPage {
  readonly runId: string;
  readonly workflowId: string;
  readonly version: number;
  readonly createdAtMs: number;
  /** The page includes every event up to this number. */
  readonly lastEvent: number;
  readonly jobs: readonly RunJobView[];
  /** Null on the last page. */
  readonly nextOrdinal: number | null;
}

/** The jobs of a run, without their specifications. Errors: `not_found`. */
export function listRunJobsVerb(context: EngineContext) {
  const { store } = context;
  return async (query: RunJobsQuery): Promise<RunJobsPage> => {
    const run = await findRun(context, query.id);
    // The event number is read before the jobs: a change during the read is repeated as an event.
    const [view] = await runViews.run(store.read, { rows: [{ no: run.no }] });
    const [event] = await lastEventNumber.run(store.read, {});
    const jobs: RunJobView[] = [];
    let from = jobIdOf(run.no, query.fromOrdinal);
    let isLast = false;
    while (!isLast && jobs.length < query.limit) {
      const limit = Math.min(jobsPerPage, query.limit - jobs.length);
      const rows = await runJobs.run(store.longRead, {
        from,
        to: jobIdOf(run.no, firstChildOrdinal),
        limit,
        anyState: query.states.length === 0 ? 1 : 0,
        states: query.states,
      });
      for (const row of rows) jobs.push(toRunJobView(row));
      from = (rows.at(-1)?.id ?? from) + 1;
      isLast = rows.length < limit;
      await yieldToEventLoop(context);
    }
    return {
      runId: run.id,
      workflowId: run.workflow_id,
      version: view?.number ?? 0,
      createdAtMs: run.created_at_ms,
      lastEvent: event?.value ?? 0,
      jobs,
      nextOrdinal: isLast ? null : ordinalOfJob(from),
    };
  };
}

function toRunJobView(row: RunJobRow): RunJobView {
  return {
    ordinal: ordinalOfJob(row.id),
    state: row.state,
    attempt: row.attempt,
    enqueuedAtMs: row.enqueued_at_ms,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    workerId: row.worker_id,
    hasError: row.has_error === 1,
    isTolerated: row.tolerated === 1,
  };
}
