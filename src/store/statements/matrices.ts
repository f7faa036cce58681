import { type RawBuilder, sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import { firstJobOf, runOf } from '../job-id-sql.js';
import { jobKeys } from '../row-keys.js';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import { type MatrixTable, settledState } from '../tables/jobs.js';

// A job with a matrix is a node: it is open until all its children have ended, and its row in `matrices` counts them. Marks in
// that row record unfinished work, which `runs/continue-matrices` does. Rows of jobs are locked before rows of `matrices`.

/** Opens nodes that waited: they have children from now on. */
export const openNodes = statement<{ rows: Rows<typeof jobKeys>; nowMs: number }, { id: number }>(
  'openNodes',
  ({ db, dialect, rows, value }) =>
    db
      .updateTable('jobs')
      .from(rows('rows', jobKeys).as('r'))
      .set({ state: sql.lit<JobState>('open'), started_at_ms: value('nowMs') })
      .whereRef('jobs.id', '=', 'r.id')
      .where(dialect.guard('jobs.state'), '=', sql.lit<JobState>('waiting'))
      .returning('jobs.id'),
);

const newMatrices = rowSet({
  job: 'integer',
  total: 'integer',
  fail_fast: 'integer',
  expand_from: 'integer?',
  combinations: 'text?',
});

/** Stores the combinations of nodes; a re-run replaces those of an earlier time. */
export const insertMatrices = statement<{ rows: Rows<typeof newMatrices> }, never>('insertMatrices', ({ db, rows }) =>
  db
    .insertInto('matrices')
    .columns([
      'job',
      'total',
      'open',
      'failed',
      'cancelled',
      'fail_fast',
      'expand_from',
      'decide_from',
      'cancel_from',
      'to_do',
      'combinations',
    ])
    .expression((eb) =>
      eb
        .selectFrom(rows('rows', newMatrices).as('r'))
        .where(sql<boolean>`true`)
        .select([
          'r.job',
          'r.total',
          'r.total as open',
          sql.lit(0).as('failed'),
          sql.lit(0).as('cancelled'),
          'r.fail_fast',
          'r.expand_from',
          sql<number | null>`cast(null as bigint)`.as('decide_from'),
          sql<number | null>`cast(null as bigint)`.as('cancel_from'),
          sql<number>`case when r.total > 0 then 1 else 0 end`.as('to_do'),
          'r.combinations',
        ]),
    )
    .onConflict((conflict) =>
      conflict.column('job').doUpdateSet({
        total: sql`excluded.total`,
        open: sql`excluded.open`,
        failed: sql.lit(0),
        cancelled: sql.lit(0),
        fail_fast: sql`excluded.fail_fast`,
        expand_from: sql`excluded.expand_from`,
        decide_from: null,
        cancel_from: null,
        to_do: sql`excluded.to_do`,
        combinations: sql`excluded.combinations`,
      }),
    ),
);

/** A node about which something is to be done, and its run. */
export interface MatrixToDo
  extends Pick<
    MatrixTable,
    'job' | 'total' | 'open' | 'failed' | 'cancelled' | 'expand_from' | 'decide_from' | 'cancel_from'
  > {
  state: JobState;
  conditional: number;
  generation: number;
  run: number;
  version: number;
}

/**
 * Nodes about which something is to be done. One whose run waits at a gate, or is being started or re-run, comes later, unless the
 * run is cancelled: then it never gets a place, and ends with the children of its nodes.
 */
export const matricesToDo = statement<{ limit: number }, MatrixToDo>('matricesToDo', ({ db, integer }) =>
  db
    .selectFrom('matrices as m')
    // Left joins keep the order: the few marked rows first.
    .leftJoin('jobs as j', 'j.id', 'm.job')
    .leftJoin('runs as n', (join) => join.on('n.no', '=', runOf('m.job')))
    .where('m.to_do', '=', sql.lit(1))
    .where((eb) => eb.or([eb('n.held', '=', sql.lit(0)), eb('n.cancel_requested_at_ms', 'is not', null)]))
    .where('n.rerun_from', 'is', null)
    .orderBy('m.job')
    .limit(integer('limit'))
    .select([
      'm.job',
      'm.total',
      'm.open',
      'm.failed',
      'm.cancelled',
      'm.expand_from',
      'm.decide_from',
      'm.cancel_from',
      'j.state',
      'j.conditional',
      'j.generation',
      'n.no as run',
      'n.version',
    ])
    .$castTo<MatrixToDo>(),
);

/** A node that still has children to be made from a mark on, kept from other servers until the transaction ends. */
export const lockMatrixToExpand = statement<
  { job: number; from: number },
  Pick<MatrixTable, 'total' | 'cancel_from' | 'combinations'>
>('lockMatrixToExpand', ({ db, dialect, integer }) =>
  db
    .selectFrom('matrices as m')
    .where('m.job', '=', integer('job'))
    .where('m.expand_from', '=', integer('from'))
    .select(['m.total', 'm.cancel_from', 'm.combinations'])
    .modifyEnd(dialect.lockRowsSkippingTaken('m')),
);

const endedChildren = rowSet({ id: 'integer', failed: 'integer', cancelled: 'integer' });

/** A node whose children were counted. */
export interface TalliedMatrix extends Pick<MatrixTable, 'job' | 'open' | 'to_do'> {}

/** Counts children that ended, once for each node. A first failure marks a node with `fail-fast`, whose other children are then cancelled. */
export const tallyMatrices = statement<{ rows: Rows<typeof endedChildren> }, TalliedMatrix>(
  'tallyMatrices',
  ({ db, rows }) =>
    db
      .updateTable('matrices')
      .from((eb) =>
        eb
          .selectFrom(rows('rows', endedChildren).as('r'))
          .innerJoin('jobs as j', 'j.id', 'r.id')
          .select([
            nodeOf('j').as('job'),
            sql<number>`count(*)`.as('ended'),
            sql<number>`cast(sum(r.failed) as bigint)`.as('failed'),
            sql<number>`cast(sum(r.cancelled) as bigint)`.as('cancelled'),
          ])
          .groupBy(sql`1`)
          .orderBy(sql`1`)
          .as('c'),
      )
      .set({
        open: sql<number>`matrices.open - c.ended`,
        failed: sql<number>`matrices.failed + c.failed`,
        cancelled: sql<number>`matrices.cancelled + c.cancelled`,
        cancel_from: sql<number | null>`case when ${failsFast} then 0 else matrices.cancel_from end`,
        to_do: sql<number>`case when matrices.open = c.ended or ${failsFast} then 1 else matrices.to_do end`,
      })
      .whereRef('matrices.job', '=', 'c.job')
      .returning(['matrices.job', 'matrices.open', 'matrices.to_do']),
);

const failsFast = sql<boolean>`(matrices.fail_fast = 1 and matrices.cancel_from is null and c.failed > 0
  and matrices.open > c.ended)`;

/** The row id of a child's node. */
function nodeOf(alias: string): RawBuilder<number> {
  return sql<number>`${firstJobOf(runOf(`${alias}.id` as `${string}.${string}`))} + ${sql.ref(`${alias}.group_ord`)}`;
}

/** Moves the mark up to which the children of a node are made; null when all are. */
export const setExpandFrom = statement<{ job: number; from: number; to: number | null }, never>(
  'setExpandFrom',
  ({ db, integer, value }) =>
    db
      .updateTable('matrices')
      .set({
        expand_from: value('to'),
        combinations: sql<string | null>`case when ${integer('to')} is null then null else combinations end`,
        to_do: sql<number>`case when open = 0 or decide_from is not null or cancel_from is not null
          or ${integer('to')} is not null then 1 else 0 end`,
      })
      .where('job', '=', integer('job'))
      .where('expand_from', '=', integer('from')),
);

/** The same for children that wait after a re-run. */
export const setDecideFrom = statement<{ job: number; from: number; to: number | null }, never>(
  'setDecideFrom',
  ({ db, integer, value }) =>
    db
      .updateTable('matrices')
      .set({
        decide_from: value('to'),
        to_do: sql<number>`case when open = 0 or expand_from is not null or cancel_from is not null
          or ${integer('to')} is not null then 1 else 0 end`,
      })
      .where('job', '=', integer('job'))
      .where('decide_from', '=', integer('from')),
);

/** The same for children that are being cancelled. A cancel that began anew since moves from there. */
export const setCancelChildrenFrom = statement<{ job: number; from: number; to: number | null }, never>(
  'setCancelChildrenFrom',
  ({ db, integer, value }) =>
    db
      .updateTable('matrices')
      .set({
        cancel_from: value('to'),
        to_do: sql<number>`case when open = 0 or expand_from is not null or decide_from is not null
          or ${integer('to')} is not null then 1 else 0 end`,
      })
      .where('job', '=', integer('job'))
      .where('cancel_from', '=', integer('from')),
);

/** Marks the open nodes of a range of jobs, but those whose `if` may hold after a cancel unless forced: their children are cancelled. */
export const cancelMatrices = statement<{ fromId: number; toId: number; spareUpTo: number }, { job: number }>(
  'cancelMatrices',
  ({ db, integer }) =>
    db
      .updateTable('matrices')
      .set({ cancel_from: sql.lit(0), to_do: sql.lit(1) })
      .where('job', '>=', integer('fromId'))
      .where('job', '<', integer('toId'))
      .where('open', '>', sql.lit(0))
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom('jobs as j')
            .whereRef('j.id', '=', 'matrices.job')
            .where('j.conditional', '<=', integer('spareUpTo'))
            .select('j.id'),
        ),
      )
      .returning('job'),
);

/** Ends an open node. */
export const closeNode = statement<
  { id: number; state: JobState; nowMs: number; error: string | null; outputs: string | null; tolerated: number },
  { id: number }
>('closeNode', ({ db, dialect, integer, text, value }) =>
  db
    .updateTable('jobs')
    .set({
      state: text('state') as RawBuilder<JobState>,
      ended_at_ms: value('nowMs'),
      error: value('error'),
      outputs: value('outputs'),
      tolerated: value('tolerated'),
    })
    .where('id', '=', integer('id'))
    .where(dialect.guard('state'), '=', sql.lit<JobState>('open'))
    .returning('id'),
);

/**
 * Removes the marks of a node that has nothing left to do, unless it changed since it was read. Another server may have
 * counted its last child or marked it for a cancel since, and that must not be lost.
 */
export const clearToDoIfUnchanged = statement<
  { job: number; open: number; expandFrom: number; decideFrom: number; cancelFrom: number },
  never
>('clearToDoIfUnchanged', ({ db, integer }) =>
  db
    .updateTable('matrices')
    .set({ to_do: sql.lit(0), expand_from: null, decide_from: null, cancel_from: null, combinations: null })
    .where('job', '=', integer('job'))
    .where('open', '=', integer('open'))
    .where(sql<number>`coalesce(expand_from, -1)`, '=', integer('expandFrom'))
    .where(sql<number>`coalesce(decide_from, -1)`, '=', integer('decideFrom'))
    .where(sql<number>`coalesce(cancel_from, -1)`, '=', integer('cancelFrom')),
);

const reopenedNodes = rowSet({ job: 'integer', reset: 'integer', failed: 'integer', cancelled: 'integer' });

/** Opens nodes that ended, for children of theirs that run again; those wait, and are decided. */
export const reopenMatrices = statement<{ rows: Rows<typeof reopenedNodes> }, never>('reopenMatrices', ({ db, rows }) =>
  db
    .updateTable('matrices')
    .from(rows('rows', reopenedNodes).as('r'))
    .set({
      open: sql<number>`matrices.open + r.reset`,
      failed: sql<number>`matrices.failed - r.failed`,
      cancelled: sql<number>`matrices.cancelled - r.cancelled`,
      decide_from: sql.lit(0),
      cancel_from: null,
      to_do: sql.lit(1),
    })
    .whereRef('matrices.job', '=', 'r.job'),
);

/** The same for the nodes' own rows. */
export const reopenNodes = statement<{ rows: Rows<typeof jobKeys>; generation: number }, { id: number }>(
  'reopenNodes',
  ({ db, integer, rows }) =>
    db
      .updateTable('jobs')
      .from(rows('rows', jobKeys).as('r'))
      .set({
        state: sql.lit<JobState>('open'),
        ended_at_ms: null,
        error: null,
        outputs: null,
        tolerated: sql.lit(0),
        settled: sql.lit(settledState.propagated),
        generation: integer('generation'),
      })
      .whereRef('jobs.id', '=', 'r.id')
      .returning('jobs.id'),
);

/** Deletes the rows of nodes that wait again. */
export const deleteMatrices = statement<{ rows: Rows<typeof jobKeys> }, never>('deleteMatrices', ({ db, rows }) =>
  db.deleteFrom('matrices').where('job', 'in', (eb) => eb.selectFrom(rows('rows', jobKeys).as('r')).select('r.id')),
);

/** Deletes the rows of a run's nodes. */
export const deleteMatricesOfRun = statement<{ fromId: number; toId: number }, never>(
  'deleteMatricesOfRun',
  ({ db, integer }) =>
    db.deleteFrom('matrices').where('job', '>=', integer('fromId')).where('job', '<', integer('toId')),
);
