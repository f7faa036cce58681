import { sql } from 'kysely';
import type { JobState, RunTrigger } from '../../domain/states.js';
import { jobId } from '../job-id-sql.js';
import { requestKeys } from '../row-keys.js';
import { type Rows, rowSet, textOf } from '../row-set.js';
import { statement } from '../statement.js';
import type { RunTable } from '../tables/runs.js';

type RunState = RunTable['state'];

const newRuns = rowSet({
  id: 'text',
  workflow: 'integer',
  version: 'integer',
  state: textOf<RunState>(),
  inputs: 'text',
  request_hash: 'text?',
  job_count: 'integer',
  created_at_ms: 'integer',
  activate_from: 'integer?',
  traceparent: 'text?',
  started_by: 'text?',
  rerun_of: 'text?',
  name: 'text?',
  trigger: textOf<RunTrigger>(),
  schedule: 'text?',
  scheduled_at_ms: 'integer?',
  backfill: 'integer?',
  vars: 'text?',
  timeout_ms: 'integer?',
});

/** Stores runs; their jobs follow. */
export const insertRuns = statement<{ rows: Rows<typeof newRuns> }, { no: number; id: string }>(
  'insertRuns',
  ({ db, rows }) =>
    db
      .insertInto('runs')
      .columns([
        'id',
        'workflow',
        'version',
        'state',
        'inputs',
        'request_hash',
        'job_count',
        'open',
        'failed',
        'cancelled',
        'created_at_ms',
        'cancel_forced',
        'activate_from',
        'traceparent',
        'started_by',
        'rerun_of',
        'name',
        'trigger',
        'schedule',
        'scheduled_at_ms',
        'backfill',
        'vars',
        'timeout_ms',
      ])
      .expression((eb) =>
        eb
          .selectFrom(rows('rows', newRuns).as('r'))
          .select([
            'r.id',
            'r.workflow',
            'r.version',
            'r.state',
            'r.inputs',
            'r.request_hash',
            'r.job_count',
            'r.job_count as open',
            sql.lit(0).as('failed'),
            sql.lit(0).as('cancelled'),
            'r.created_at_ms',
            sql.lit(0).as('cancel_forced'),
            'r.activate_from',
            'r.traceparent',
            'r.started_by',
            'r.rerun_of',
            'r.name',
            'r.trigger',
            'r.schedule',
            'r.scheduled_at_ms',
            'r.backfill',
            'r.vars',
            'r.timeout_ms',
          ]),
      )
      .returning(['no', 'id']),
);

const jobRanges = rowSet({
  run: 'integer',
  version: 'integer',
  from_ord: 'integer',
  to_ord: 'integer',
  live: 'integer',
  at_ms: 'integer',
});

/**
 * Creates the jobs of runs from their versions. Jobs without needs and without an `if` are claimable at once where
 * `live` is 1. A row gives the first ordinal and the one after the last.
 */
export const insertJobsOfRuns = statement<{ rows: Rows<typeof jobRanges> }, never>('insertJobsOfRuns', ({ db, rows }) =>
  db
    .insertInto('jobs')
    .columns([
      'id',
      'label_set',
      'priority',
      'state',
      'conditional',
      'pending',
      'bad',
      'attempt',
      'enqueued_at_ms',
      'settled',
    ])
    .expression((eb) =>
      eb
        .selectFrom(rows('rows', jobRanges).as('r'))
        .innerJoin('version_jobs as v', (join) =>
          join.onRef('v.version', '=', 'r.version').onRef('v.ord', '>=', 'r.from_ord').onRef('v.ord', '<', 'r.to_ord'),
        )
        .select([
          jobId('r.run', 'v.ord').as('id'),
          'v.label_set',
          'v.priority',
          sql<JobState>`case when r.live = 1 and v.needs = 0 and v.conditional = 0 then 'queued' else 'waiting' end`.as(
            'state',
          ),
          'v.conditional',
          'v.needs as pending',
          sql.lit(0).as('bad'),
          sql.lit(0).as('attempt'),
          sql<number | null>`case when r.live = 1 and v.needs = 0 and v.conditional = 0 then r.at_ms end`.as(
            'enqueued_at_ms',
          ),
          sql.lit(1).as('settled'),
        ]),
    ),
);

/** A run by the request that started it. */
export interface RequestedRun {
  request_hash: string;
  id: string;
  state: RunState;
}

/** The runs that requests with these ids started. */
export const runsByRequest = statement<{ rows: Rows<typeof requestKeys> }, RequestedRun>(
  'runsByRequest',
  ({ db, dialect, rows }) =>
    db
      .selectFrom(rows('rows', requestKeys).as('r'))
      .innerJoin('runs as n', 'n.request_hash', 'r.request_hash')
      .$if(dialect.leavesNullsOut, (query) => query.where('n.request_hash', 'is not', null))
      .select(['n.request_hash', 'n.id', 'n.state'])
      .$castTo<RequestedRun>(),
);

const newestRuns = rowSet({ workflow: 'integer', run: 'integer' });

/** Makes runs the newest of their workflows. */
export const setNewestRuns = statement<{ rows: Rows<typeof newestRuns> }, never>(
  'setNewestRuns',
  ({ db, dialect, rows }) =>
    db
      .updateTable('workflows')
      .from(rows('rows', newestRuns).as('r'))
      .set({ newest_run: dialect.greatest(sql`coalesce(workflows.newest_run, 0)`, sql`r.run`) })
      .whereRef('workflows.no', '=', 'r.workflow'),
);
