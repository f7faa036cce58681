import { sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import type { JobTable, RunTable } from '../schema.js';
import { type Cells, statement } from '../statement.js';

/** A workflow with its newest run, for lists. */
export interface WorkflowRow {
  id: string;
  workflow: number;
  version: number;
  number: number;
  name: string;
  trigger: string;
  newest_run: number | null;
}

/** Workflows by id; with a status, only those with a job in one of these states in the newest run. */
export const listWorkflows = statement<
  { limit: number; offset: number; anyState: number; states: readonly string[]; unrun: number },
  WorkflowRow
>('listWorkflows', ({ db, dialect, integer, json }) =>
  db
    .selectFrom('workflows as w')
    .innerJoin('versions as v', 'v.no', 'w.current_version')
    .where('w.removed_at_ms', 'is', null)
    .where((eb) =>
      eb.or([
        eb(integer('anyState'), '=', sql.lit(1)),
        eb.and([eb('w.newest_run', 'is', null), eb(integer('unrun'), '=', sql.lit(1))]),
        eb.exists(
          eb
            .selectFrom('jobs as j')
            .select('j.id')
            .where('j.id', '>=', sql<number>`w.newest_run * 1048576`)
            .where('j.id', '<', sql<number>`(w.newest_run + 1) * 1048576`)
            .where('j.state', 'in', sql<JobState>`${dialect.textSet(json('states'))}`),
        ),
      ]),
    )
    .orderBy('w.id')
    .limit(integer('limit'))
    .offset(integer('offset'))
    .select(['w.id', 'w.no as workflow', 'v.no as version', 'v.number', 'v.name', 'v.trigger', 'w.newest_run']),
);

/** A definition's job, with its state in a run where there is one. */
export interface JobViewRow
  extends Pick<
    JobTable,
    'state' | 'attempt' | 'started_at_ms' | 'ended_at_ms' | 'delayed_until_ms' | 'error' | 'outputs'
  > {
  ord: number;
  key: string;
  spec: string;
  worker_id: string | null;
}

/** The jobs of a run, from an ordinal on. */
export const jobsOfRun = statement<{ run: number; version: number; fromOrd: number; limit: number }, JobViewRow>(
  'jobsOfRun',
  ({ db, integer }) =>
    db
      .selectFrom('version_jobs as v')
      .innerJoin('jobs as j', (join) => join.on('j.id', '=', sql<number>`${integer('run')} * 1048576 + v.ord`))
      .leftJoin('attempts as a', (join) => join.onRef('a.job', '=', 'j.id').onRef('a.number', '=', 'j.attempt'))
      .where('v.version', '=', integer('version'))
      .where('v.ord', '>=', integer('fromOrd'))
      .orderBy('v.ord')
      .limit(integer('limit'))
      .select([
        'v.ord',
        'v.key',
        'v.spec',
        'j.state',
        'j.attempt',
        'j.started_at_ms',
        'j.ended_at_ms',
        'j.delayed_until_ms',
        'j.error',
        'j.outputs',
        'a.worker_id',
      ]),
);

/** The jobs of a definition, from an ordinal on. */
export const jobsOfVersion = statement<
  { version: number; fromOrd: number; limit: number },
  { ord: number; key: string; spec: string }
>('jobsOfVersion', ({ db, integer }) =>
  db
    .selectFrom('version_jobs as v')
    .where('v.version', '=', integer('version'))
    .where('v.ord', '>=', integer('fromOrd'))
    .orderBy('v.ord')
    .limit(integer('limit'))
    .select(['v.ord', 'v.key', 'v.spec']),
);

export interface RunViewRow
  extends Pick<
    RunTable,
    'id' | 'inputs' | 'job_count' | 'open' | 'created_at_ms' | 'started_at_ms' | 'ended_at_ms' | 'state' | 'version'
  > {
  no: number;
  workflow_id: string;
  name: string;
  trigger: string;
  number: number;
}

const runColumns = [
  'n.no',
  'n.id',
  'n.state',
  'n.inputs',
  'n.job_count',
  'n.open',
  'n.created_at_ms',
  'n.started_at_ms',
  'n.ended_at_ms',
  'n.version',
  'w.id as workflow_id',
  'v.name',
  'v.trigger',
  'v.number',
] as const;

/** Rows: run number. */
export const runViews = statement<{ rows: Cells }, RunViewRow>('runViews', ({ db, rows }) =>
  db
    .selectFrom(rows<{ no: number }>('rows', { no: 'integer' }).as('r'))
    .innerJoin('runs as n', 'n.no', 'r.no')
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('versions as v', 'v.no', 'n.version')
    .select(runColumns),
);

/**
 * Runs before a number, newest first.
 *
 * `+ 0` keeps SQLite, when it has statistics of many runs, from beginning with the workflows and sorting all runs.
 */
export const listRuns = statement<{ before: number; limit: number; state: string }, RunViewRow>(
  'listRuns',
  ({ db, integer, text }) =>
    db
      .selectFrom('runs as n')
      .innerJoin('workflows as w', (join) => join.on('w.no', '=', sql<number>`n.workflow + 0`))
      .innerJoin('versions as v', (join) => join.on('v.no', '=', sql<number>`n.version + 0`))
      .where('n.no', '<', integer('before'))
      .where('n.state', '!=', sql.lit<RunTable['state']>('creating'))
      .where((eb) => eb.or([eb(text('state'), '=', sql.lit('')), eb('n.state', '=', sql<never>`${text('state')}`)]))
      .orderBy('n.no', 'desc')
      .limit(integer('limit'))
      .select(runColumns),
);

/** Runs of one workflow before a number, newest first. */
export const listRunsOfWorkflow = statement<
  { workflow: number; before: number; limit: number; state: string },
  RunViewRow
>('listRunsOfWorkflow', ({ db, integer, text }) =>
  db
    .selectFrom('runs as n')
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('versions as v', 'v.no', 'n.version')
    .where('n.workflow', '=', integer('workflow'))
    .where('n.no', '<', integer('before'))
    .where('n.state', '!=', sql.lit<RunTable['state']>('creating'))
    .where((eb) => eb.or([eb(text('state'), '=', sql.lit('')), eb('n.state', '=', sql<never>`${text('state')}`)]))
    .orderBy('n.no', 'desc')
    .limit(integer('limit'))
    .select(runColumns),
);
