import { sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import { runKeys } from '../row-keys.js';
import type { Rows } from '../row-set.js';
import { statement } from '../statement.js';
import type { RunTable } from '../tables/runs.js';
import { type RunRow, runColumns } from './find-runs.js';

type RunState = RunTable['state'];

/** Waiting jobs of a range without open needs: the roots to decide. */
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

/** The runs among some that are still being created; locks them against their end. */
export const lockRunsBeingMade = statement<{ rows: Rows<typeof runKeys> }, { no: number }>(
  'lockRunsBeingMade',
  ({ db, dialect, rows }) =>
    db
      .selectFrom(rows('rows', runKeys).as('r'))
      .innerJoin('runs as n', 'n.no', 'r.no')
      .where(dialect.guard('n.state'), '=', sql.lit<RunState>('creating'))
      .select('n.no')
      .modifyEnd(dialect.lockRows('n')),
);

/** Completes a large run: all of its jobs exist, and from now on its roots become claimable. */
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

/** Large runs whose start or cancel was interrupted. */
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

/** Number of a run's jobs that exist. */
export const countJobsOfRange = statement<{ fromId: number; toId: number }, { count: number }>(
  'countJobsOfRange',
  ({ db, integer }) =>
    db
      .selectFrom('jobs')
      .where('id', '>=', integer('fromId'))
      .where('id', '<', integer('toId'))
      .select(sql<number>`count(*)`.as('count')),
);

/** Deletes a run that was never acknowledged; its jobs are deleted after it. */
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
