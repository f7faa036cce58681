import { sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import { firstJobOf, jobId, runOf } from '../job-id-sql.js';
import { jobKeys, ordinalKeys } from '../row-keys.js';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import { settledState } from '../tables/jobs.js';
import type { RunTable } from '../tables/runs.js';

type RunState = RunTable['state'];

// Statements about some jobs of a version read the jobs first: SQLite keeps the order of a cross join, and would otherwise read
// all jobs or edges of the version, 300 ms for one of 100,000 jobs.

const versionKeys = rowSet({ key: 'text' });

/** The jobs of a version with some keys. */
export const ordinalsOfKeys = statement<
  { version: number; rows: Rows<typeof versionKeys> },
  { key: string; ord: number }
>('ordinalsOfKeys', ({ db, integer, rows }) =>
  db
    .selectFrom(rows('rows', versionKeys).as('r'))
    .crossJoin('version_jobs as v')
    .where('v.version', '=', integer('version'))
    .whereRef('v.key', '=', 'r.key')
    .select(['v.key', 'v.ord']),
);

/** The keys of some jobs of a version. */
export const keysOfOrdinals = statement<
  { version: number; rows: Rows<typeof ordinalKeys> },
  { key: string; ord: number; children_from: number | null }
>('keysOfOrdinals', ({ db, integer, rows }) =>
  db
    .selectFrom(rows('rows', ordinalKeys).as('r'))
    .crossJoin('version_jobs as v')
    .where('v.version', '=', integer('version'))
    .whereRef('v.ord', '=', 'r.ord')
    .select(['v.key', 'v.ord', 'v.children_from']),
);

/** The jobs of a run that failed or were cancelled, in order. */
export const unsuccessfulJobs = statement<{ fromId: number; toId: number }, { id: number }>(
  'unsuccessfulJobs',
  ({ db, integer }) =>
    db
      .selectFrom('jobs')
      .where('id', '>=', integer('fromId'))
      .where('id', '<', integer('toId'))
      .where('state', 'in', [sql.lit<JobState>('failure'), sql.lit<JobState>('cancelled')])
      // Children of an earlier generation may be too many now.
      .where(sql<boolean>`(group_ord is null or idx < coalesce((select m.total from matrices as m
        where m.job = ${firstJobOf(runOf('jobs.id'))} + jobs.group_ord), 0))`)
      .orderBy('id')
      .select('id'),
);

/**
 * Some jobs of a version and all their dependents, at any distance.
 *
 * The recursion carries the version along: for a comparison with the parameter PostgreSQL would read all edges of the
 * version at each step.
 */
export const jobsWithDependants = statement<{ version: number; rows: Rows<typeof ordinalKeys> }, { ord: number }>(
  'jobsWithDependants',
  ({ db, integer, rows }) =>
    db
      .withRecursive('found(version, ord)', (cte) =>
        cte
          .selectFrom(rows('rows', ordinalKeys).as('r'))
          .select([integer('version').as('version'), 'r.ord'])
          .union(
            cte
              .selectFrom('found as reached')
              .innerJoin('version_edges as e', (join) =>
                join.onRef('e.version', '=', 'reached.version').onRef('e.from_ord', '=', 'reached.ord'),
              )
              .select(['reached.version', 'e.to_ord as ord']),
          ),
      )
      .selectFrom('found')
      .orderBy('ord')
      .select('ord'),
);

/** The direct dependents of some jobs of a version. */
export const directDependants = statement<{ version: number; rows: Rows<typeof ordinalKeys> }, { ord: number }>(
  'directDependants',
  ({ db, integer, rows }) =>
    db
      .selectFrom(rows('rows', ordinalKeys).as('r'))
      .crossJoin('version_edges as e')
      .where('e.version', '=', integer('version'))
      .whereRef('e.from_ord', '=', 'r.ord')
      .select('e.to_ord as ord')
      .distinct(),
);

/** The needs of some jobs of a version. */
export const needsOfOrdinals = statement<
  { version: number; rows: Rows<typeof ordinalKeys> },
  { ord: number; need: number }
>('needsOfOrdinals', ({ db, integer, rows }) =>
  db
    .selectFrom(rows('rows', ordinalKeys).as('r'))
    .crossJoin('version_edges as e')
    .where('e.version', '=', integer('version'))
    .whereRef('e.to_ord', '=', 'r.ord')
    .select(['r.ord', 'e.from_ord as need']),
);

/** A job in its state before a re-run. */
export interface RerunJobRow {
  id: number;
  state: JobState;
  settled: number;
  conditional: number;
  tolerated: number;
  label_set: number;
  /** The number of its next attempt. */
  next_attempt: number;
  /** 1: an attempt of it is live, or children of it have not ended. */
  live: number;
  places: string | null;
  /** 1: it has a matrix and has opened. */
  opened: number;
}

/** Some jobs in their states before a re-run. */
export const jobsToRerun = statement<{ rows: Rows<typeof jobKeys> }, RerunJobRow>('jobsToRerun', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', jobKeys).as('r'))
    .innerJoin('jobs as j', 'j.id', 'r.id')
    .leftJoin('matrices as m', 'm.job', 'j.id')
    .select([
      'j.id',
      'j.state',
      'j.settled',
      'j.conditional',
      'j.tolerated',
      'j.label_set',
      'j.places',
      sql<number>`coalesce((select max(a.number) from attempts as a where a.job = j.id), -1) + 1`.as('next_attempt'),
      sql<number>`case when m.job is null then 0 else 1 end`.as('opened'),
      sql<number>`case when j.state = 'open' or exists (select 1 from attempts as a
        where a.job = j.id and a.number = j.attempt and a.ended_at_ms is null) then 1 else 0 end`.as('live'),
    ]),
);

/** The states of all jobs of a run, in order. */
export const statesOfRun = statement<
  { run: number; version: number },
  { ord: number; key: string; state: JobState; error: string | null }
>('statesOfRun', ({ db, integer }) =>
  db
    .selectFrom('version_jobs as v')
    .innerJoin('jobs as j', (join) => join.on('j.id', '=', jobId(integer('run'), 'v.ord')))
    .where('v.version', '=', integer('version'))
    .orderBy('v.ord')
    .select(['v.ord', 'v.key', 'j.state', 'j.error']),
);

const resets = rowSet({ id: 'integer', pending: 'integer', bad: 'integer', attempt: 'integer', generation: 'integer' });

/** Resets jobs to waiting, as if they had not begun, with a new retry budget. */
export const resetJobs = statement<{ rows: Rows<typeof resets> }, { id: number }>(
  'resetJobs',
  ({ db, dialect, rows }) =>
    db
      .updateTable('jobs')
      .from(rows('rows', resets).as('r'))
      .set({
        state: sql.lit<JobState>('waiting'),
        pending: sql.ref('r.pending'),
        bad: sql.ref('r.bad'),
        attempt: sql.ref('r.attempt'),
        budget_from: sql.ref('r.attempt'),
        generation: sql.ref('r.generation'),
        enqueued_at_ms: null,
        delayed_until_ms: null,
        started_at_ms: null,
        ended_at_ms: null,
        error: null,
        outputs: null,
        settled: sql.lit(settledState.propagated),
        tolerated: sql.lit(0),
        gate: null,
        places: null,
      })
      .whereRef('jobs.id', '=', 'r.id')
      .where(dialect.guard('jobs.state'), '!=', sql.lit<JobState>('running'))
      .returning('jobs.id'),
);

const needCounts = rowSet({ id: 'integer', pending: 'integer', bad: 'integer' });

/** Recounts the needs of jobs. */
export const setNeedCounts = statement<{ rows: Rows<typeof needCounts> }, never>('setNeedCounts', ({ db, rows }) =>
  db
    .updateTable('jobs')
    .from(rows('rows', needCounts).as('r'))
    .set({ pending: sql.ref('r.pending'), bad: sql.ref('r.bad') })
    .whereRef('jobs.id', '=', 'r.id'),
);

/**
 * Reopens a run for a re-run, or counts a further range of it. Its end and its cancel are undone; a run that has not
 * ended keeps its state. One that had ended, and is in a group, waits at its gate from now on.
 */
export const reopenRun = statement<
  {
    no: number;
    generation: number;
    ended: number;
    failed: number;
    cancelled: number;
    rerunFrom: number | null;
    activateFrom: number | null;
    nowMs: number;
  },
  { no: number; deadline_ms: number | null }
>('reopenRun', ({ db, integer, value }) =>
  db
    .updateTable('runs')
    .set({
      open: sql<number>`open + ${integer('ended')}`,
      failed: sql<number>`failed - ${integer('failed')}`,
      cancelled: sql<number>`cancelled - ${integer('cancelled')}`,
      state: sql<RunState>`case when ended_at_ms is null then state
        when started_at_ms is null then 'queued' else 'running' end`,
      cancel_requested_at_ms: sql<number | null>`case when ended_at_ms is null then cancel_requested_at_ms end`,
      cancel_forced: sql<number>`case when ended_at_ms is null then cancel_forced else 0 end`,
      held: sql<number>`case when ended_at_ms is not null and gate is not null then 1 else held end`,
      gate_since_ms: sql<number | null>`case when ended_at_ms is null then gate_since_ms else ${integer('nowMs')} end`,
      timed_out: sql<number>`case when ended_at_ms is null then timed_out else 0 end`,
      deadline_ms: sql<number | null>`case when started_at_ms is null or held = 1
        or (ended_at_ms is not null and gate is not null) then null else ${integer('nowMs')} + timeout_ms end`,
      ended_at_ms: null,
      has_figures: sql.lit(0),
      logs_pruned: sql.lit(0),
      generation: integer('generation'),
      rerun_from: value('rerunFrom'),
      activate_from: value('activateFrom'),
    })
    .where('no', '=', integer('no'))
    .returning(['no', 'deadline_ms']),
);

export const insertRerun = statement<
  {
    run: number;
    generation: number;
    nowMs: number;
    by: string | null;
    hash: string | null;
    chosen: string;
    following: string;
  },
  never
>('insertRerun', ({ db, integer, value, text }) =>
  db.insertInto('reruns').values({
    run: integer('run'),
    generation: integer('generation'),
    at_ms: integer('nowMs'),
    requested_by: value('by'),
    request_hash: value('hash'),
    chosen: text('chosen'),
    following: text('following'),
  }),
);

/** A stored re-run. */
export interface RerunRow {
  run: number;
  generation: number;
  at_ms: number;
  requested_by: string | null;
  chosen: string;
  following: string;
}

const rerunColumns = ['run', 'generation', 'at_ms', 'requested_by', 'chosen', 'following'] as const;

export const rerunByRequest = statement<{ hash: string }, RerunRow>('rerunByRequest', ({ db, text }) =>
  db
    .selectFrom('reruns')
    .where('request_hash', '=', text('hash'))
    .where('request_hash', 'is not', null)
    .select(rerunColumns),
);

export const rerunOfGeneration = statement<{ run: number; generation: number }, RerunRow>(
  'rerunOfGeneration',
  ({ db, integer }) =>
    db
      .selectFrom('reruns')
      .where('run', '=', integer('run'))
      .where('generation', '=', integer('generation'))
      .select(rerunColumns),
);

export const deleteRerunsOfRun = statement<{ run: number }, never>('deleteRerunsOfRun', ({ db, integer }) =>
  db.deleteFrom('reruns').where('run', '=', integer('run')),
);

/** Cancels running jobs; their ends propagate when their attempts have stopped. */
export const cancelRunningJobs = statement<
  { rows: Rows<typeof jobKeys>; nowMs: number },
  { id: number; attempt: number; settled: number; places: string | null }
>('cancelRunningJobs', ({ db, dialect, integer, rows }) =>
  db
    .updateTable('jobs')
    .from(rows('rows', jobKeys).as('r'))
    .set({
      state: sql.lit<JobState>('cancelled'),
      ended_at_ms: integer('nowMs'),
      settled: sql.lit(settledState.held),
    })
    .whereRef('jobs.id', '=', 'r.id')
    .where(dialect.guard('jobs.state'), '=', sql.lit<JobState>('running'))
    .returning(['jobs.id', 'jobs.attempt', 'jobs.settled', 'jobs.places']),
);

/** Whether an attempt of a range of jobs is live. */
export const liveAttemptOfJobs = statement<{ fromId: number; toId: number }, { job: number }>(
  'liveAttemptOfJobs',
  ({ db, dialect, integer }) =>
    db
      .selectFrom('attempts')
      .where('job', '>=', integer('fromId'))
      .where('job', '<', integer('toId'))
      .where(dialect.guard('outcome'), 'is', null)
      .limit(sql.lit(1))
      .select('job'),
);
