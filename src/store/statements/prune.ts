import { sql } from 'kysely';
import { statement } from '../statement.js';
import type { WorkflowTable } from '../tables/definitions.js';

/** A run that has ended, and the range of its jobs' rows. */
export interface EndedRun {
  no: number;
  id: string;
  workflow: number;
  version: number;
  /** 1 for the newest run of its workflow. */
  is_newest: number;
}

/**
 * The runs that ended first before a time, without the newest run of a workflow, whose result stays visible. A removed
 * workflow keeps none.
 */
export const oldestEndedRuns = statement<{ beforeMs: number; limit: number }, EndedRun>(
  'oldestEndedRuns',
  ({ db, integer }) =>
    db
      .selectFrom('runs as n')
      .innerJoin('workflows as w', 'w.no', 'n.workflow')
      .where('n.ended_at_ms', 'is not', null)
      .where('n.ended_at_ms', '<', integer('beforeMs'))
      .where((eb) =>
        eb.or([
          eb('w.newest_run', 'is', null),
          eb('w.newest_run', '<>', eb.ref('n.no')),
          eb.and([eb('w.removed_at_ms', 'is not', null), eb('w.source', '=', sql.lit<WorkflowTable['source']>('api'))]),
        ]),
      )
      .orderBy('n.ended_at_ms')
      .limit(integer('limit'))
      .select([
        'n.no',
        'n.id',
        'n.workflow',
        'n.version',
        sql<number>`case when w.newest_run = n.no then 1 else 0 end`.as('is_newest'),
      ]),
);

/** Runs that ended first before a time and still have their logs. */
export const oldestEndedRunsWithLogs = statement<{ beforeMs: number; limit: number }, EndedRun>(
  'oldestEndedRunsWithLogs',
  ({ db, integer }) =>
    db
      .selectFrom('runs as n')
      .where('n.ended_at_ms', 'is not', null)
      .where('n.logs_pruned', '=', sql.lit(0))
      .where('n.ended_at_ms', '<', integer('beforeMs'))
      .orderBy('n.ended_at_ms')
      .limit(integer('limit'))
      .select(['n.no', 'n.id', 'n.workflow', 'n.version', sql.lit(0).as('is_newest')]),
);

interface Range {
  fromId: number;
  toId: number;
  limit: number;
}

/** Deletes some log chunks of a range of jobs. */
export const deleteLogChunks = statement<Range, { job: number }>('deleteLogChunks', ({ db, integer }) =>
  db
    .deleteFrom('log_chunks')
    .where((eb) =>
      eb(
        eb.refTuple('job', 'attempt', 'sequence', 'stream'),
        'in',
        eb
          .selectFrom('log_chunks as c')
          .where('c.job', '>=', integer('fromId'))
          .where('c.job', '<', integer('toId'))
          .limit(integer('limit'))
          .select(['c.job', 'c.attempt', 'c.sequence', 'c.stream'])
          .$asTuple('job', 'attempt', 'sequence', 'stream'),
      ),
    )
    .returning('job'),
);

/** Deletes some attempts of a range of jobs. */
export const deleteAttemptsOfRange = statement<Range, { job: number }>('deleteAttemptsOfRange', ({ db, integer }) =>
  db
    .deleteFrom('attempts')
    .where((eb) =>
      eb(
        eb.refTuple('job', 'number'),
        'in',
        eb
          .selectFrom('attempts as a')
          .where('a.job', '>=', integer('fromId'))
          .where('a.job', '<', integer('toId'))
          .limit(integer('limit'))
          .select(['a.job', 'a.number'])
          .$asTuple('job', 'number'),
      ),
    )
    .returning('job'),
);

/** Deletes some events of a run. */
export const deleteEventsOfRun = statement<{ run: number; limit: number }, { number: number }>(
  'deleteEventsOfRun',
  ({ db, integer }) =>
    db
      .deleteFrom('events')
      .where('number', 'in', (eb) =>
        eb.selectFrom('events as e').where('e.run', '=', integer('run')).limit(integer('limit')).select('e.number'),
      )
      .returning('number'),
);

/** Deletes some jobs of a range. */
export const deleteSomeJobs = statement<Range, { id: number }>('deleteSomeJobs', ({ db, integer }) =>
  db
    .deleteFrom('jobs')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('jobs as j')
        .where('j.id', '>=', integer('fromId'))
        .where('j.id', '<', integer('toId'))
        .limit(integer('limit'))
        .select('j.id'),
    )
    .returning('id'),
);

export const deleteEndedRun = statement<{ no: number }, { no: number }>('deleteEndedRun', ({ db, dialect, integer }) =>
  db
    .deleteFrom('runs')
    .where('no', '=', integer('no'))
    .where(dialect.guard('ended_at_ms'), 'is not', null)
    .returning('no'),
);

/** Clears the newest run of a removed workflow after its deletion. */
export const forgetNewestRun = statement<{ workflow: number; run: number }, never>(
  'forgetNewestRun',
  ({ db, integer }) =>
    db
      .updateTable('workflows')
      .set({ newest_run: null })
      .where('no', '=', integer('workflow'))
      .where('newest_run', '=', integer('run')),
);

/** Workflows that a call created, that were removed before a time, and that have no run left. */
export const removedWorkflows = statement<
  { beforeMs: number; limit: number },
  { no: number; current_version: number | null }
>('removedWorkflows', ({ db, integer }) =>
  db
    .selectFrom('workflows as w')
    .where('w.removed_at_ms', 'is not', null)
    .where('w.removed_at_ms', '<', integer('beforeMs'))
    .where('w.source', '=', sql.lit<WorkflowTable['source']>('api'))
    .where((eb) =>
      eb.not(eb.exists(eb.selectFrom('runs as n').select('n.no').where('n.workflow', '=', eb.ref('w.no')))),
    )
    .orderBy('w.removed_at_ms')
    .limit(integer('limit'))
    .select(['w.no', 'w.current_version']),
);

export const deleteWorkflow = statement<{ no: number }, never>('deleteWorkflow', ({ db, integer }) =>
  db.deleteFrom('workflows').where('no', '=', integer('no')),
);

/** A deleted log has no gap. */
export const clearLogGaps = statement<Omit<Range, 'limit'>, never>('clearLogGaps', ({ db, integer }) =>
  db
    .updateTable('attempts')
    .set({ log_gap: null, log_gap_outputs: null })
    .where('job', '>=', integer('fromId'))
    .where('job', '<', integer('toId'))
    .where('log_gap', 'is not', null),
);

export const markLogsPruned = statement<{ no: number }, { no: number }>('markLogsPruned', ({ db, dialect, integer }) =>
  db
    .updateTable('runs')
    .set({ logs_pruned: 1 })
    .where('no', '=', integer('no'))
    .where(dialect.guard('ended_at_ms'), 'is not', null)
    .returning('no'),
);

/**
 * Records that a run is being deleted: from now on it cannot be re-run. Returns no row when it was re-run since it was
 * found.
 */
export const markBeingDeleted = statement<{ no: number }, { no: number }>(
  'markBeingDeleted',
  ({ db, dialect, integer }) =>
    db
      .updateTable('runs')
      .set({ logs_pruned: 2 })
      .where('no', '=', integer('no'))
      .where(dialect.guard('ended_at_ms'), 'is not', null)
      .returning('no'),
);

/** Whether a version is unused: it is not its workflow's current one, and no run has it. */
export const versionIsUnused = statement<{ version: number; workflow: number }, { no: number }>(
  'versionIsUnused',
  ({ db, integer }) =>
    db
      .selectFrom('versions as v')
      .innerJoin('workflows as w', 'w.no', 'v.workflow')
      .where('v.no', '=', integer('version'))
      .where((eb) => eb.or([eb('w.current_version', 'is', null), eb('w.current_version', '<>', eb.ref('v.no'))]))
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('runs as n')
              .select('n.no')
              .where('n.workflow', '=', integer('workflow'))
              .where('n.version', '=', integer('version')),
          ),
        ),
      )
      .select('v.no'),
);

export const countPrunedEvents = statement<{ count: number }, { value: number }>(
  'countPrunedEvents',
  ({ db, integer }) =>
    db
      .updateTable('counters')
      .set({ value: sql<number>`value + ${integer('count')}` })
      .where('name', '=', sql.lit('pruned_events'))
      .returning('value'),
);

export const deleteVersion = statement<{ no: number }, never>('deleteVersion', ({ db, integer }) =>
  db.deleteFrom('versions').where('no', '=', integer('no')),
);

const isPrunable = sql`(w.newest_run is null or w.newest_run <> n.no or (w.removed_at_ms is not null and w.source = 'api'))`;

/** The number of runs that pruning would delete, and of remaining runs whose logs it would. */
export const countPrunable = statement<{ runsBeforeMs: number; logsBeforeMs: number }, { runs: number; logs: number }>(
  'countPrunable',
  ({ db, integer }) =>
    db
      .selectFrom('runs as n')
      .innerJoin('workflows as w', 'w.no', 'n.workflow')
      .where('n.ended_at_ms', 'is not', null)
      .select([
        sql<number>`coalesce(sum(case when n.ended_at_ms < ${integer('runsBeforeMs')}
          and ${isPrunable} then 1 else 0 end), 0)`.as('runs'),
        sql<number>`coalesce(sum(case when n.logs_pruned = 0 and n.ended_at_ms < ${integer('logsBeforeMs')}
          and not (n.ended_at_ms < ${integer('runsBeforeMs')} and ${isPrunable})
          then 1 else 0 end), 0)`.as('logs'),
      ]),
);
