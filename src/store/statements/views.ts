import { sql } from 'kysely';
import type { JobState, RunTrigger } from '../../domain/states.js';
import { firstJobOf, jobId } from '../job-id-sql.js';
import { runKeys } from '../row-keys.js';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import type { JobTable } from '../tables/jobs.js';
import type { RunTable } from '../tables/runs.js';
import { shortResults } from './job-results.js';

/** A workflow with its newest run, for lists. */
export interface WorkflowRow {
  id: string;
  workflow: number;
  version: number;
  number: number;
  name: string;
  trigger: string;
  newest_run: number | null;
  /** Jobs that it shows: those of its newest run, or of its definition. */
  jobs: number;
}

/** Workflows by id; with a status, only those with a job in one of these states in the newest run. */
export const listWorkflows = statement<
  { limit: number; offset: number; anyState: number; states: readonly string[]; unrun: number },
  WorkflowRow
>('listWorkflows', ({ db, dialect, integer, json }) =>
  db
    .selectFrom('workflows as w')
    .innerJoin('versions as v', 'v.no', 'w.current_version')
    .leftJoin('runs as n', 'n.no', 'w.newest_run')
    .where('w.removed_at_ms', 'is', null)
    .where((eb) =>
      eb.or([
        eb(integer('anyState'), '=', sql.lit(1)),
        eb.and([eb('w.newest_run', 'is', null), eb(integer('unrun'), '=', sql.lit(1))]),
        eb.exists(
          eb
            .selectFrom('jobs as j')
            .select('j.id')
            .where('j.id', '>=', firstJobOf('w.newest_run'))
            .where('j.id', '<', firstJobOf(sql<number>`(w.newest_run + 1)`))
            .where('j.state', 'in', sql<JobState>`${dialect.textSet(json('states'))}`),
        ),
      ]),
    )
    .orderBy('w.id')
    .limit(integer('limit'))
    .offset(integer('offset'))
    .select(['w.id', 'w.no as workflow', 'v.no as version', 'v.number', 'v.name', 'v.trigger', 'w.newest_run'])
    .select(sql<number>`coalesce(n.job_count, v.job_count)`.as('jobs')),
);

/** A definition's job, with its state in a run if there is one. */
export interface JobViewRow
  extends Pick<
    JobTable,
    'state' | 'attempt' | 'started_at_ms' | 'ended_at_ms' | 'delayed_until_ms' | 'label_set' | 'priority' | 'name'
  > {
  job: number;
  ord: number;
  key: string;
  spec: string;
  tolerated: number;
  /** Of a child: its index; `key` is that of its node. */
  idx: number | null;
  worker_id: string | null;
  log_gap: string | null;
  exit_code: number | null;
  /** Its beginning. */
  error: string | null;
  error_bytes: number | null;
  /** Null also when they are long. */
  outputs: string | null;
  outputs_bytes: number | null;
}

/** The columns of a `JobViewRow`: of a version's job `v`, its job `j` in a run, and its newest attempt `a`. */
const jobViewColumns = [
  'v.ord',
  'v.key',
  'v.spec',
  'j.id as job',
  'j.state',
  'j.attempt',
  'j.started_at_ms',
  'j.ended_at_ms',
  'j.delayed_until_ms',
  shortResults.error.as('error'),
  shortResults.error_bytes.as('error_bytes'),
  shortResults.outputs.as('outputs'),
  shortResults.outputs_bytes.as('outputs_bytes'),
  'j.label_set',
  'j.priority',
  'j.name',
  'j.tolerated',
  'j.idx',
  'a.worker_id',
  'a.log_gap',
  'a.exit_code',
] as const;

/** The jobs of a run, from an ordinal on. */
export const jobsOfRun = statement<{ run: number; version: number; fromOrd: number; limit: number }, JobViewRow>(
  'jobsOfRun',
  ({ db, integer }) =>
    db
      .selectFrom('version_jobs as v')
      .innerJoin('jobs as j', (join) => join.on('j.id', '=', jobId(integer('run'), 'v.ord')))
      .leftJoin('attempts as a', (join) => join.onRef('a.job', '=', 'j.id').onRef('a.number', '=', 'j.attempt'))
      .where('v.version', '=', integer('version'))
      .where('v.ord', '>=', integer('fromOrd'))
      .orderBy('v.ord')
      .limit(integer('limit'))
      .select(jobViewColumns),
);

/** Children of a node of a run, from a row id on. */
export const childrenOfNode = statement<{ version: number; ord: number; fromId: number; toId: number }, JobViewRow>(
  'childrenOfNode',
  ({ db, integer }) =>
    db
      .selectFrom('version_jobs as v')
      .innerJoin('jobs as j', (join) => join.on('j.id', '>=', integer('fromId')).on('j.id', '<', integer('toId')))
      .leftJoin('attempts as a', (join) => join.onRef('a.job', '=', 'j.id').onRef('a.number', '=', 'j.attempt'))
      .where('v.version', '=', integer('version'))
      .where('v.ord', '=', integer('ord'))
      .orderBy('j.id')
      .select(jobViewColumns),
);

const shownWorkflows = rowSet({ at: 'integer', version: 'integer', run: 'integer' });

/**
 * All jobs of several workflows, in any order. `at` is the caller's number of the workflow. `run` is -1 for a workflow
 * that has not run, whose jobs come without a state.
 */
export const jobsOfWorkflows = statement<
  { rows: Rows<typeof shownWorkflows> },
  { at: number } & Pick<JobViewRow, 'ord' | 'key' | 'spec'> & { [K in keyof JobViewRow]: JobViewRow[K] | null }
>('jobsOfWorkflows', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', shownWorkflows).as('r'))
    .innerJoin('version_jobs as v', 'v.version', 'r.version')
    .leftJoin('jobs as j', (join) => join.on('j.id', '=', jobId('r.run', 'v.ord')))
    .leftJoin('attempts as a', (join) => join.onRef('a.job', '=', 'j.id').onRef('a.number', '=', 'j.attempt'))
    .select(['r.at', ...jobViewColumns]),
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
  /** The name of the token that started it. */
  started_by: string | null;
  generation: number;
  rerun_of: string | null;
  /** 1: it waits at its gate. */
  held: number;
  /** The key of its gate. */
  gate_key: string | null;
  run_name: string | null;
  run_trigger: RunTrigger;
  schedule: string | null;
  scheduled_at_ms: number | null;
  /** 1: it took longer than its timeout. */
  timed_out: number;
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
  'n.generation',
  'n.rerun_of',
  'n.held',
  sql<string | null>`(select g.key from gates as g where g.no = n.gate)`.as('gate_key'),
  'n.name as run_name',
  'n.trigger as run_trigger',
  'n.schedule',
  'n.scheduled_at_ms',
  'n.timed_out',
  'w.id as workflow_id',
  'v.name',
  'v.trigger',
  'v.number',
  // Not a join: a cached plan that was made while there were few tokens would read all of them for each run.
  sql<string | null>`(select t.name from tokens as t where t.id = n.started_by)`.as('started_by'),
] as const;

/** Runs by their numbers. */
export const runViews = statement<{ rows: Rows<typeof runKeys> }, RunViewRow>('runViews', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', runKeys).as('r'))
    .innerJoin('runs as n', 'n.no', 'r.no')
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('versions as v', 'v.no', 'n.version')
    .select(runColumns),
);
