import { type RawBuilder, sql } from 'kysely';
import { firstJobOf, ordOf } from '../job-id-sql.js';
import { runKeys } from '../row-keys.js';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import type { RunFiguresTable } from '../tables/runs.js';

/**
 * Writes the figures of runs that have just ended. Of each run the first jobs that succeeded or failed are read through
 * one range of the primary key, so that the cost of a large run is bounded.
 *
 * A run that was re-run has no duration: the time since its first start says nothing about its work.
 */
export const insertRunFigures = statement<{ rows: Rows<typeof runKeys>; jobs: number }, never>(
  'insertRunFigures',
  ({ db, dialect, integer, rows }) => {
    const whenFirst = (value: RawBuilder<number | null>) =>
      sql<number | null>`case when n.generation = 1 and n.started_at_ms is not null then ${value} end`;
    const entries = dialect.collected(
      [
        ordOf('j.id'),
        sql`case when j.state = 'failure' then 1 else 0 end`,
        sql`j.attempt`,
        sql`j.started_at_ms - j.enqueued_at_ms`,
        sql`j.ended_at_ms - j.started_at_ms`,
      ],
      sql`from jobs as j where j.id >= ${firstJobOf('n.no')} and j.id < ${firstJobOf('n.no')} + ${integer('jobs')}
        and j.state in ('success', 'failure')`,
    );
    return db
      .insertInto('run_figures')
      .columns(['run', 'workflow', 'ended_at_ms', 'state', 'duration_ms', 'waiting_ms', 'jobs'])
      .expression((eb) =>
        eb
          .selectFrom(rows('rows', runKeys).as('r'))
          .innerJoin('runs as n', 'n.no', 'r.no')
          .where(sql<boolean>`true`)
          .select([
            'n.no',
            'n.workflow',
            sql<number>`n.ended_at_ms`.as('ended_at_ms'),
            sql<RunFiguresTable['state']>`n.state`.as('state'),
            whenFirst(sql`n.ended_at_ms - n.started_at_ms`).as('duration_ms'),
            whenFirst(sql`n.started_at_ms - n.created_at_ms`).as('waiting_ms'),
            entries.as('jobs'),
          ]),
      )
      .onConflict((conflict) =>
        conflict.column('run').doUpdateSet({
          ended_at_ms: sql`excluded.ended_at_ms`,
          state: sql`excluded.state`,
          duration_ms: sql`excluded.duration_ms`,
          waiting_ms: sql`excluded.waiting_ms`,
          jobs: sql`excluded.jobs`,
        }),
      );
  },
);

/** Deletes the figures of a run: it was re-run, or is pruned. */
export const deleteRunFigures = statement<{ run: number }, never>('deleteRunFigures', ({ db, integer }) =>
  db.deleteFrom('run_figures').where('run', '=', integer('run')),
);

export type RunFiguresRow = Pick<RunFiguresTable, 'ended_at_ms' | 'state' | 'duration_ms' | 'waiting_ms'>;

const figures = ['ended_at_ms', 'state', 'duration_ms', 'waiting_ms'] as const;

/** The figures of a workflow's runs that ended since a time, the newest first. */
export const figuresOfWorkflow = statement<{ workflow: number; sinceMs: number; limit: number }, RunFiguresRow>(
  'figuresOfWorkflow',
  ({ db, integer }) =>
    db
      .selectFrom('run_figures')
      .where('workflow', '=', integer('workflow'))
      .where('ended_at_ms', '>=', integer('sinceMs'))
      .orderBy('ended_at_ms', 'desc')
      .limit(integer('limit'))
      .select(figures),
);

/** The same for the runs of every workflow. */
export const figuresOfAll = statement<{ sinceMs: number; limit: number }, RunFiguresRow>(
  'figuresOfAll',
  ({ db, integer }) =>
    db
      .selectFrom('run_figures')
      .where('ended_at_ms', '>=', integer('sinceMs'))
      .orderBy('ended_at_ms', 'desc')
      .limit(integer('limit'))
      .select(figures),
);

/** When the oldest run with figures ended: of a workflow, or of all for 0. */
export const firstFigures = statement<{ workflow: number }, { ended_at_ms: number }>(
  'firstFigures',
  ({ db, integer }) =>
    db
      .selectFrom('run_figures')
      .where('workflow', '=', integer('workflow'))
      .orderBy('ended_at_ms')
      .limit(sql.lit(1))
      .select('ended_at_ms'),
);

export const firstFiguresOfAll = statement<Record<never, never>, { ended_at_ms: number }>(
  'firstFiguresOfAll',
  ({ db }) =>
    db
      .selectFrom('run_figures')
      .where('ended_at_ms', '>=', sql.lit(0))
      .orderBy('ended_at_ms')
      .limit(sql.lit(1))
      .select('ended_at_ms'),
);

/** The jobs of a workflow's newest runs that ended since a time, with the version of each run. */
export const jobFigures = statement<
  { workflow: number; sinceMs: number; limit: number },
  { version: number; jobs: string }
>('jobFigures', ({ db, integer }) =>
  db
    .selectFrom('run_figures as f')
    .innerJoin('runs as n', 'n.no', 'f.run')
    .where('f.workflow', '=', integer('workflow'))
    .where('f.ended_at_ms', '>=', integer('sinceMs'))
    .orderBy('f.ended_at_ms', 'desc')
    .limit(integer('limit'))
    .select(['n.version', 'f.jobs']),
);

const versionNumbers = rowSet({ no: 'integer' });

/** The keys of the first jobs of some versions. */
export const keysOfVersions = statement<
  { rows: Rows<typeof versionNumbers>; jobs: number },
  { version: number; ord: number; key: string }
>('keysOfVersions', ({ db, integer, rows }) =>
  db
    .selectFrom(rows('rows', versionNumbers).as('r'))
    .crossJoin('version_jobs as v')
    .whereRef('v.version', '=', 'r.no')
    .where('v.ord', '<', integer('jobs'))
    .orderBy('v.version', 'desc')
    .orderBy('v.ord')
    .select(['v.version', 'v.ord', 'v.key']),
);
