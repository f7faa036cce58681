import { type ExpressionBuilder, sql } from 'kysely';
import type { JobState, RunState } from '../../domain/states.js';
import { firstChildOf, firstJobOf, keyOf, versionOrdOf } from '../job-id-sql.js';
import { runKeys } from '../row-keys.js';
import type { Rows } from '../row-set.js';
import type { Schema } from '../schema.js';
import { type StatementContext, statement } from '../statement.js';
import type { RunTable } from '../tables/runs.js';

/** The runs of a list. Each statement below finds their numbers by another index, newest first. */
export interface RunFilter {
  /** Only runs with a smaller number, and none with a smaller one than `from`. */
  before: number;
  from: number;
  limit: number;
  createdAfterMs: number;
  createdBeforeMs: number;
  /** 1 for any state. */
  anyState: number;
  states: readonly string[];
  /** 1 for any token, or none. */
  anyStarter: number;
  /** The ids of tokens. */
  starters: readonly string[];
}

function matches<P extends RunFilter>({ dialect, integer, json }: StatementContext<P>) {
  return (eb: ExpressionBuilder<Schema & { n: RunTable }, 'n'>) =>
    eb.and([
      eb('n.no', '<', integer('before')),
      eb('n.no', '>=', integer('from')),
      eb('n.created_at_ms', '>=', integer('createdAfterMs')),
      eb('n.created_at_ms', '<', integer('createdBeforeMs')),
      eb('n.state', '!=', sql.lit<RunTable['state']>('creating')),
      eb.or([
        eb(integer('anyState'), '=', sql.lit(1)),
        eb('n.state', 'in', sql<RunState>`${dialect.textSet(json('states'))}`),
      ]),
      eb.or([
        eb(integer('anyStarter'), '=', sql.lit(1)),
        eb('n.started_by', 'in', sql<string>`${dialect.textSet(json('starters'))}`),
      ]),
    ]);
}

/** By their numbers: for lists that include most runs. */
export const runNumbers = statement<RunFilter, { no: number }>('runNumbers', (context) =>
  context.db
    .selectFrom('runs as n')
    .where(matches(context))
    .orderBy('n.no', 'desc')
    .limit(context.integer('limit'))
    .select('n.no'),
);

/** By the index of states. */
export const runNumbersInState = statement<RunFilter & { state: string }, { no: number }>(
  'runNumbersInState',
  (context) =>
    context.db
      .selectFrom('runs as n')
      .where('n.state', '=', sql<RunState>`${context.text('state')}`)
      .where(matches(context))
      .orderBy('n.no', 'desc')
      .limit(context.integer('limit'))
      .select('n.no'),
);

/** By the index of one workflow's runs. */
export const runNumbersOfWorkflow = statement<RunFilter & { workflow: number }, { no: number }>(
  'runNumbersOfWorkflow',
  (context) =>
    context.db
      .selectFrom('runs as n')
      .where('n.workflow', '=', context.integer('workflow'))
      .where(matches(context))
      .orderBy('n.no', 'desc')
      .limit(context.integer('limit'))
      .select('n.no'),
);

/** Runs with ids between two texts. */
export const runNumbersByIdPrefix = statement<RunFilter & { idFrom: string; idTo: string }, { no: number }>(
  'runNumbersByIdPrefix',
  (context) =>
    context.db
      .selectFrom('runs as n')
      .where('n.id', '>=', context.text('idFrom'))
      .where('n.id', '<', context.text('idTo'))
      .where(matches(context))
      .orderBy('n.no', 'desc')
      .limit(context.integer('limit'))
      .select('n.no'),
);

/**
 * The number of the last run whose id is smaller than a text. Ids begin with the time, so they grow as the numbers do.
 */
export const lastRunBeforeId = statement<{ id: string }, { no: number }>('lastRunBeforeId', ({ db, text }) =>
  db.selectFrom('runs').where('id', '<', text('id')).orderBy('id', 'desc').limit(sql.lit(1)).select('no'),
);

/** The number of the first run whose id is not smaller than a text. */
export const firstRunFromId = statement<{ id: string }, { no: number }>('firstRunFromId', ({ db, text }) =>
  db.selectFrom('runs').where('id', '>=', text('id')).orderBy('id').limit(sql.lit(1)).select('no'),
);

/** Workflows with ids between two texts, including removed ones. */
export const workflowsByIdPrefix = statement<{ idFrom: string; idTo: string; limit: number }, { no: number }>(
  'workflowsByIdPrefix',
  ({ db, integer, text }) =>
    db
      .selectFrom('workflows')
      .where('id', '>=', text('idFrom'))
      .where('id', '<', text('idTo'))
      .orderBy('id')
      .limit(integer('limit'))
      .select('no'),
);

export interface RunJobCount {
  run: number;
  state: JobState;
  /** Of claimable jobs the label set; 0 for the others. */
  label_set: number;
  jobs: number;
  retries: number;
  tolerated: number;
}

/** The number of jobs of runs in each state. */
export const countRunJobs = statement<{ rows: Rows<typeof runKeys> }, RunJobCount>('countRunJobs', ({ db, rows }) => {
  const labelSet = sql<number>`case when j.state = 'queued' then j.label_set else 0 end`;
  return db
    .selectFrom(rows('rows', runKeys).as('r'))
    .innerJoin('jobs as j', (join) => join.on('j.id', '>=', firstJobOf('r.no')).on('j.id', '<', firstChildOf('r.no')))
    .groupBy(['r.no', 'j.state', labelSet])
    .select(['r.no as run', 'j.state', labelSet.as('label_set')])
    .select(sql<number>`count(*)`.as('jobs'))
    .select(sql<number>`cast(sum(j.attempt) as bigint)`.as('retries'))
    .select(sql<number>`cast(sum(j.tolerated) as bigint)`.as('tolerated'));
});

/** The job of each failed run that failed first. */
export const firstFailures = statement<
  { rows: Rows<typeof runKeys> },
  { run: number; key: string; error: string | null }
>('firstFailures', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', runKeys).as('r'))
    .innerJoin('runs as n', 'n.no', 'r.no')
    .innerJoin('jobs as j', (join) =>
      join.on('j.id', '=', (eb) =>
        eb
          .selectFrom('jobs as f')
          .where('f.id', '>=', firstJobOf('r.no'))
          .where('f.id', '<', firstJobOf(sql<number>`(r.no + 1)`))
          .where('f.state', '=', sql.lit<JobState>('failure'))
          .where('f.tolerated', '=', sql.lit(0))
          .orderBy('f.ended_at_ms')
          .orderBy('f.id')
          .limit(sql.lit(1))
          .select('f.id'),
      ),
    )
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'n.version').on('v.ord', '=', versionOrdOf('j')),
    )
    .select(['r.no as run', keyOf('j', 'v').as('key'), sql<string | null>`substr(j.error, 1, 2000)`.as('error')]),
);
