import { sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import type { RunTable } from '../schema.js';
import { type Cells, statement } from '../statement.js';

type RunState = RunTable['state'];

/** Rows: id, workflow, version, state, inputs, request hash, job count, created at, activate from, traceparent. */
export const insertRuns = statement<{ rows: Cells }, { no: number; id: string }>('insertRuns', ({ db, rows }) =>
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
    ])
    .expression((eb) =>
      eb
        .selectFrom(
          rows<{
            id: string;
            workflow: number;
            version: number;
            state: RunState;
            inputs: string;
            request_hash: string | null;
            job_count: number;
            created_at_ms: number;
            activate_from: number | null;
            traceparent: string | null;
          }>('rows', {
            id: 'text',
            workflow: 'integer',
            version: 'integer',
            state: 'text',
            inputs: 'text',
            request_hash: 'text',
            job_count: 'integer',
            created_at_ms: 'integer',
            activate_from: 'integer',
            traceparent: 'text',
          }).as('r'),
        )
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
        ]),
    )
    .returning(['no', 'id']),
);

/**
 * Makes the jobs of runs from their versions. Jobs without needs and without an `if` are claimable at once where `live`
 * is 1. Rows: run, version, first ordinal, ordinal after the last, live, time.
 */
export const insertJobsOfRuns = statement<{ rows: Cells }, never>('insertJobsOfRuns', ({ db, rows }) =>
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
        .selectFrom(
          rows<{ run: number; version: number; from_ord: number; to_ord: number; live: number; at_ms: number }>(
            'rows',
            {
              run: 'integer',
              version: 'integer',
              from_ord: 'integer',
              to_ord: 'integer',
              live: 'integer',
              at_ms: 'integer',
            },
          ).as('r'),
        )
        .innerJoin('version_jobs as v', (join) =>
          join.onRef('v.version', '=', 'r.version').onRef('v.ord', '>=', 'r.from_ord').onRef('v.ord', '<', 'r.to_ord'),
        )
        .select([
          sql<number>`r.run * 1048576 + v.ord`.as('id'),
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

/** Waiting jobs of a range that have no open needs: the roots whose time to be decided has come. */
export const waitingRoots = statement<
  { fromId: number; toId: number },
  { id: number; bad: number; conditional: number; label_set: number }
>('waitingRoots', ({ db, dialect, integer }) =>
  db
    .selectFrom('jobs')
    .where('id', '>=', integer('fromId'))
    .where('id', '<', integer('toId'))
    .where('state', '=', sql.lit<JobState>('waiting'))
    .where('pending', '=', sql.lit(0))
    .select(['id', 'bad', 'conditional', 'label_set'])
    .orderBy('id')
    .modifyEnd(dialect.lockRows('jobs')),
);

/** What is fixed about runs, and whether they were cancelled. Rows: run number. */
export interface RunRow {
  no: number;
  id: string;
  workflow: number;
  workflow_id: string;
  version: number;
  state: RunState;
  inputs: string;
  job_count: number;
  survivor_count: number;
  cancel_requested_at_ms: number | null;
  cancel_forced: number;
  activate_from: number | null;
  cancel_from: number | null;
  created_at_ms: number;
  traceparent: string | null;
}

const runColumns = [
  'n.no',
  'n.id',
  'n.workflow',
  'w.id as workflow_id',
  'n.version',
  'n.state',
  'n.inputs',
  'n.job_count',
  'v.survivor_count',
  'n.cancel_requested_at_ms',
  'n.cancel_forced',
  'n.activate_from',
  'n.cancel_from',
  'n.created_at_ms',
  'n.traceparent',
] as const;

export const runsByNumber = statement<{ rows: Cells }, RunRow>('runsByNumber', ({ db, rows }) =>
  db
    .selectFrom(rows<{ no: number }>('rows', { no: 'integer' }).as('r'))
    .innerJoin('runs as n', 'n.no', 'r.no')
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('versions as v', 'v.no', 'n.version')
    .select(runColumns),
);

/** A run by its id, or the newest run of the workflow with that id. */
export const runById = statement<{ id: string }, RunRow>('runById', ({ db, text }) =>
  db
    .selectFrom('runs as n')
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('versions as v', 'v.no', 'n.version')
    .where('n.id', '=', text('id'))
    .select(runColumns),
);

export const newestRunOfWorkflow = statement<{ id: string }, RunRow>('newestRunOfWorkflow', ({ db, text }) =>
  db
    .selectFrom('workflows as w')
    .innerJoin('runs as n', 'n.no', 'w.newest_run')
    .innerJoin('versions as v', 'v.no', 'n.version')
    .where('w.id', '=', text('id'))
    .select(runColumns),
);

/** A run by the request that started it. */
export interface RequestedRun {
  request_hash: string;
  id: string;
  workflow: number;
  state: RunState;
}

/** The runs that were started with these request ids. Rows: request hash. */
export const runsByRequest = statement<{ rows: Cells }, RequestedRun>('runsByRequest', ({ db, dialect, rows }) =>
  db
    .selectFrom(rows<{ request_hash: string }>('rows', { request_hash: 'text' }).as('r'))
    .innerJoin('runs as n', 'n.request_hash', 'r.request_hash')
    .$if(dialect.leavesNullsOut, (query) => query.where('n.request_hash', 'is not', null))
    .select(['n.request_hash', 'n.id', 'n.workflow', 'n.state'])
    .$castTo<RequestedRun>(),
);

/** Makes runs the newest of their workflows. Rows: workflow, run. */
export const setNewestRuns = statement<{ rows: Cells }, never>('setNewestRuns', ({ db, dialect, rows }) =>
  db
    .updateTable('workflows')
    .from(rows<{ workflow: number; run: number }>('rows', { workflow: 'integer', run: 'integer' }).as('r'))
    .set({ newest_run: dialect.greatest(sql`coalesce(workflows.newest_run, 0)`, sql`r.run`) })
    .whereRef('workflows.no', '=', 'r.workflow'),
);

/** Marks runs as begun. Rows: run. Returns those that were not before. */
export const beginRuns = statement<{ rows: Cells; nowMs: number }, { no: number }>('beginRuns', ({ db, rows, value }) =>
  db
    .updateTable('runs')
    .from(rows<{ no: number }>('rows', { no: 'integer' }).as('r'))
    .set({ state: sql.lit<RunState>('running'), started_at_ms: value('nowMs') })
    .whereRef('runs.no', '=', 'r.no')
    .where('runs.state', '=', sql.lit<RunState>('queued'))
    .returning('runs.no'),
);

/** Counts jobs that ended. Rows: run, ended, failed, cancelled. */
export const tallyRuns = statement<
  { rows: Cells },
  { no: number } & Pick<RunTable, 'state' | 'open' | 'failed' | 'cancelled' | 'started_at_ms'>
>('tallyRuns', ({ db, rows }) =>
  db
    .updateTable('runs')
    .from(
      rows<{ no: number; ended: number; failed: number; cancelled: number }>('rows', {
        no: 'integer',
        ended: 'integer',
        failed: 'integer',
        cancelled: 'integer',
      }).as('r'),
    )
    .set({
      open: sql<number>`runs.open - r.ended`,
      failed: sql<number>`runs.failed + r.failed`,
      cancelled: sql<number>`runs.cancelled + r.cancelled`,
    })
    .whereRef('runs.no', '=', 'r.no')
    .returning(['runs.no', 'runs.state', 'runs.open', 'runs.failed', 'runs.cancelled', 'runs.started_at_ms']),
);

/** Ends runs. Rows: run, state, time. */
export const endRuns = statement<{ rows: Cells }, never>('endRuns', ({ db, rows }) =>
  db
    .updateTable('runs')
    .from(
      rows<{ no: number; state: RunState; at_ms: number }>('rows', {
        no: 'integer',
        state: 'text',
        at_ms: 'integer',
      }).as('r'),
    )
    .set({ state: sql.ref('r.state'), ended_at_ms: sql.ref('r.at_ms') })
    .whereRef('runs.no', '=', 'r.no'),
);

/** Notes that a run is to be cancelled, from its first job on. */
export const requestCancel = statement<{ no: number; nowMs: number; forced: number }, { no: number }>(
  'requestCancel',
  ({ db, dialect, integer }) =>
    db
      .updateTable('runs')
      .set({
        cancel_requested_at_ms: sql<number>`coalesce(cancel_requested_at_ms, ${integer('nowMs')})`,
        cancel_forced: dialect.greatest(sql`cancel_forced`, integer('forced')),
        cancel_from: sql.lit(0),
      })
      .where('no', '=', integer('no'))
      .returning('no'),
);

export const setCancelFrom = statement<{ no: number; from: number | null }, never>(
  'setCancelFrom',
  ({ db, integer, value }) =>
    db
      .updateTable('runs')
      .set({ cancel_from: value('from') })
      .where('no', '=', integer('no')),
);

/** Keeps other servers from changing some runs until the transaction ends. Rows: run, in order. */
export const lockRuns = statement<{ rows: Cells }, never>(
  'lockRuns',
  ({ db, dialect, rows }) =>
    db
      .selectFrom(rows<{ no: number }>('rows', { no: 'integer' }).as('r'))
      .innerJoin('runs as n', 'n.no', 'r.no')
      .orderBy('n.no')
      .select('n.no')
      .$castTo<never>()
      .modifyEnd(dialect.lockRows('n')),
  false,
);

/** Of some runs those that are still being made; nobody ends that meanwhile. Rows: run. */
export const lockRunsBeingMade = statement<{ rows: Cells }, { no: number }>(
  'lockRunsBeingMade',
  ({ db, dialect, rows }) =>
    db
      .selectFrom(rows<{ no: number }>('rows', { no: 'integer' }).as('r'))
      .innerJoin('runs as n', 'n.no', 'r.no')
      .where(dialect.guard('n.state'), '=', sql.lit<RunState>('creating'))
      .select('n.no')
      .modifyEnd(dialect.lockRows('n')),
);

/** Makes a large run whole: its jobs are all there, and from now on its roots become claimable. */
export const finishFilling = statement<{ no: number }, { workflow: number }>('finishFilling', ({ db, integer }) =>
  db
    .updateTable('runs')
    .set({ state: sql.lit<RunState>('queued'), activate_from: 0 })
    .where('no', '=', integer('no'))
    .where('state', '=', sql.lit<RunState>('creating'))
    .returning('workflow'),
);

export const setActivateFrom = statement<{ no: number; from: number | null }, never>(
  'setActivateFrom',
  ({ db, integer, value }) =>
    db
      .updateTable('runs')
      .set({ activate_from: value('from') })
      .where('no', '=', integer('no')),
);

/** Large runs whose start or cancel was cut short. */
export const runsWithUnfinishedWork = statement<Record<string, never>, RunRow>('runsWithUnfinishedWork', ({ db }) =>
  db
    .selectFrom('runs as n')
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('versions as v', 'v.no', 'n.version')
    .where((eb) =>
      eb.or([
        eb('n.activate_from', 'is not', null),
        eb('n.cancel_from', 'is not', null),
        eb('n.state', '=', sql.lit<RunState>('creating')),
      ]),
    )
    .select(runColumns),
);

/** Forgets a run that was never acknowledged; its jobs are to be deleted after it. */
export const deleteRunBeingMade = statement<{ no: number }, { no: number }>(
  'deleteRunBeingMade',
  ({ db, dialect, integer }) =>
    db
      .deleteFrom('runs')
      .where('no', '=', integer('no'))
      .where(dialect.guard('state'), '=', sql.lit<RunState>('creating'))
      .returning('no'),
);

export const deleteJobsOfRange = statement<{ fromId: number; toId: number }, never>(
  'deleteJobsOfRange',
  ({ db, integer }) => db.deleteFrom('jobs').where('id', '>=', integer('fromId')).where('id', '<', integer('toId')),
);
