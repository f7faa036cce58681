import { sql } from 'kysely';
import { gateKeys, runKeys } from '../row-keys.js';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import { heldJobAt } from './job-gates.js';

// The order of locks: jobs, runs, gates by their numbers, then waiting runs and held jobs, of which locked rows are
// skipped. So the holder of a gate never waits for a row, and gates cannot deadlock. What is decided about a gate is read
// after its lock.

const newGates = rowSet({ key: 'text' });

/** Creates missing rows of gates. */
export const ensureGates = statement<{ rows: Rows<typeof newGates>; nowMs: number }, never>(
  'ensureGates',
  ({ db, integer, rows }) =>
    db
      .insertInto('gates')
      .columns(['key', 'in_use', 'changed_at_ms'])
      .expression((eb) =>
        eb
          .selectFrom(rows('rows', newGates).as('r'))
          .select(['r.key', sql.lit(0).as('in_use'), integer('nowMs').as('changed_at_ms')])
          .where(sql<boolean>`true`)
          .orderBy('r.key'),
      )
      .onConflict((conflict) => conflict.column('key').doNothing()),
);

/** The numbers of gates by their keys. */
export const gatesByKey = statement<{ rows: Rows<typeof newGates> }, { no: number; key: string }>(
  'gatesByKey',
  ({ db, rows }) =>
    db.selectFrom(rows('rows', newGates).as('r')).innerJoin('gates as g', 'g.key', 'r.key').select(['g.no', 'g.key']),
);

export interface GateRow {
  no: number;
  key: string;
  in_use: number;
}

/** Locks gates, and reads their present rows. */
export const lockGates = statement<{ rows: Rows<typeof gateKeys> }, GateRow>('lockGates', ({ db, dialect, rows }) =>
  db
    .selectFrom(rows('rows', gateKeys).as('r'))
    .innerJoin('gates as g', 'g.no', 'r.gate')
    .orderBy('g.no')
    .select(['g.no', 'g.key', 'g.in_use'])
    .modifyEnd(dialect.lockRows('g')),
);

const gateUses = rowSet({ no: 'integer', in_use: 'integer' });

/** Records the used places of gates. */
export const setGatesInUse = statement<{ rows: Rows<typeof gateUses>; nowMs: number }, never>(
  'setGatesInUse',
  ({ db, integer, rows }) =>
    db
      .updateTable('gates')
      .from(rows('rows', gateUses).as('r'))
      .set({ in_use: sql.ref('r.in_use'), changed_at_ms: integer('nowMs') })
      .whereRef('gates.no', '=', 'r.no'),
);

/** The first runs that wait at a gate, in order. Skips runs that are being cancelled, or reset for a re-run. */
export const firstWaitingRuns = statement<{ gate: number; limit: number }, { no: number; id: string; max: number }>(
  'firstWaitingRuns',
  ({ db, dialect, integer }) =>
    db
      .selectFrom('runs as n')
      .where('n.gate', '=', integer('gate'))
      .where('n.held', '=', sql.lit(1))
      .where('n.cancel_requested_at_ms', 'is', null)
      .where('n.rerun_from', 'is', null)
      .orderBy('n.gate')
      .orderBy('n.gate_since_ms')
      .orderBy('n.no')
      .limit(integer('limit'))
      .select(['n.no', 'n.id', sql<number>`coalesce(n.gate_max, 1)`.as('max')])
      .modifyEnd(dialect.lockRowsSkippingTaken('n')),
);

/** Number of runs that wait at a gate. The limit of a queue bounds it. */
export const countWaitingRuns = statement<{ gate: number }, { count: number }>('countWaitingRuns', ({ db, integer }) =>
  db
    .selectFrom('runs as n')
    .where('n.gate', '=', integer('gate'))
    .where('n.held', '=', sql.lit(1))
    .where('n.cancel_requested_at_ms', 'is', null)
    .select(sql<number>`count(*)`.as('count')),
);

/** Number of runs that have a place at a gate, counted from the runs. */
export const countHolders = statement<{ gate: number }, { count: number }>('countHolders', ({ db, integer }) =>
  db
    .selectFrom('runs as n')
    .where('n.gate', '=', integer('gate'))
    .where('n.ended_at_ms', 'is', null)
    .where('n.held', '=', sql.lit(0))
    .select(sql<number>`count(*)`.as('count')),
);

/** Gives waiting runs their places: their jobs are decided from now on. */
export const admitRuns = statement<
  { rows: Rows<typeof runKeys>; nowMs: number },
  { no: number; version: number; job_count: number; generation: number; deadline_ms: number | null }
>('admitRuns', ({ db, integer, rows }) =>
  db
    .updateTable('runs')
    .from(rows('rows', runKeys).as('r'))
    .set({
      held: sql.lit(0),
      gate_cancels: sql.lit(0),
      gate_since_ms: integer('nowMs'),
      activate_from: sql.lit(0),
      deadline_ms: sql<number | null>`${integer('nowMs')} + runs.timeout_ms`,
    })
    .whereRef('runs.no', '=', 'r.no')
    .returning(['runs.no', 'runs.version', 'runs.job_count', 'runs.generation', 'runs.deadline_ms']),
);

/** Requests the cancel of waiting runs; their jobs end in further transactions. */
export const supersedeRuns = statement<{ rows: Rows<typeof runKeys>; nowMs: number }, never>(
  'supersedeRuns',
  ({ db, integer, rows }) =>
    db
      .updateTable('runs')
      .from(rows('rows', runKeys).as('r'))
      .set({ cancel_requested_at_ms: integer('nowMs'), cancel_forced: sql.lit(1), cancel_from: sql.lit(0) })
      .whereRef('runs.no', '=', 'r.no'),
);

const runGates = rowSet({
  no: 'integer',
  gate: 'integer',
  gate_max: 'integer',
  held: 'integer',
  gate_cancels: 'integer',
  activate_from: 'integer?',
});

/** Notes at which gates runs are, and whether they wait there. */
export const setRunGates = statement<{ rows: Rows<typeof runGates>; nowMs: number }, { deadline_ms: number | null }>(
  'setRunGates',
  ({ db, integer, rows }) =>
    db
      .updateTable('runs')
      .from(rows('rows', runGates).as('r'))
      .set({
        gate: sql.ref('r.gate'),
        gate_max: sql.ref('r.gate_max'),
        held: sql.ref('r.held'),
        gate_cancels: sql.ref('r.gate_cancels'),
        activate_from: sql.ref('r.activate_from'),
        gate_since_ms: integer('nowMs'),
        deadline_ms: sql<number | null>`case when r.held = 0 then ${integer('nowMs')} + runs.timeout_ms end`,
      })
      .whereRef('runs.no', '=', 'r.no')
      .returning('runs.deadline_ms'),
);

export interface GateRunRow {
  no: number;
  id: string;
  workflow_id: string;
  since_ms: number;
  max: number;
  cancel_requested_at_ms: number | null;
}

const gateRunColumns = [
  'n.no',
  'n.id',
  'w.id as workflow_id',
  sql<number>`coalesce(n.gate_since_ms, n.created_at_ms)`.as('since_ms'),
  sql<number>`coalesce(n.gate_max, 1)`.as('max'),
  'n.cancel_requested_at_ms',
] as const;

/** The runs that have a place at a gate, the oldest first. */
export const holdersOfGate = statement<{ gate: number; limit: number }, GateRunRow>(
  'holdersOfGate',
  ({ db, integer }) =>
    db
      .selectFrom('runs as n')
      .innerJoin('workflows as w', 'w.no', 'n.workflow')
      .where('n.gate', '=', integer('gate'))
      .where('n.ended_at_ms', 'is', null)
      .where('n.held', '=', sql.lit(0))
      .orderBy('n.gate_since_ms')
      .orderBy('n.no')
      .limit(integer('limit'))
      .select(gateRunColumns),
);

/** The runs that wait at a gate, in order. */
export const waitingAtGate = statement<{ gate: number; limit: number }, GateRunRow>(
  'waitingAtGate',
  ({ db, integer }) =>
    db
      .selectFrom('runs as n')
      .innerJoin('workflows as w', 'w.no', 'n.workflow')
      .where('n.gate', '=', integer('gate'))
      .where('n.held', '=', sql.lit(1))
      .orderBy('n.gate_since_ms')
      .orderBy('n.no')
      .limit(integer('limit'))
      .select(gateRunColumns),
);

/** Position of a run that waits at its gate: the number of runs before it. */
export const placeAtGate = statement<
  { run: number },
  { no: number; key: string; in_use: number; max: number; since_ms: number; before: number }
>('placeAtGate', ({ db, integer }) =>
  db
    .selectFrom('runs as n')
    .innerJoin('gates as g', 'g.no', 'n.gate')
    .where('n.no', '=', integer('run'))
    .where('n.held', '=', sql.lit(1))
    .select(['g.no', 'g.key', 'g.in_use'])
    .select([
      sql<number>`coalesce(n.gate_max, 1)`.as('max'),
      sql<number>`coalesce(n.gate_since_ms, n.created_at_ms)`.as('since_ms'),
    ])
    .select((eb) =>
      eb
        .selectFrom('runs as b')
        .whereRef('b.gate', '=', 'n.gate')
        .where('b.held', '=', sql.lit(1))
        .where(sql<boolean>`(b.gate_since_ms, b.no) < (n.gate_since_ms, n.no)`)
        .select(sql<number>`count(*)`.as('count'))
        .$asScalar()
        .$notNull()
        .as('before'),
    ),
);

/** Gates in use, by their keys. */
export const gatesInUse = statement<
  { keyFrom: string; keyTo: string; limit: number },
  { no: number; key: string; in_use: number }
>('gatesInUse', ({ db, integer, text }) =>
  db
    .selectFrom('gates as g')
    .where('g.key', '>=', text('keyFrom'))
    .where('g.key', '<', text('keyTo'))
    .where((eb) =>
      eb.or([
        eb('g.in_use', '>', sql.lit(0)),
        // Not `exists`, for which PostgreSQL would read all waiting runs of all gates.
        eb(
          eb
            .selectFrom('runs as n')
            .whereRef('n.gate', '=', 'g.no')
            .where('n.held', '=', sql.lit(1))
            .limit(sql.lit(1))
            .select('n.held')
            .$asScalar(),
          '=',
          sql.lit(1),
        ),
        eb(heldJobAt('g.no'), 'is not', null),
      ]),
    )
    .orderBy('g.key')
    .limit(integer('limit'))
    .select(['g.no', 'g.key', 'g.in_use']),
);

/** Waiting runs that have those in progress cancelled. */
export const runsThatCancel = statement<{ limit: number }, { id: string; gate: number }>(
  'runsThatCancel',
  ({ db, integer }) =>
    db
      .selectFrom('runs as n')
      .where('n.gate_cancels', '=', sql.lit(1))
      .where('n.gate', 'is not', null)
      .limit(integer('limit'))
      .select(['n.id', 'n.gate'])
      .$castTo<{ id: string; gate: number }>(),
);

/** Gates at which runs wait. */
export const gatesWithWaiting = statement<{ after: number; limit: number }, { gate: number }>(
  'gatesWithWaiting',
  ({ db, integer }) =>
    db
      .selectFrom('runs as n')
      .where('n.held', '=', sql.lit(1))
      .where('n.gate', '>', integer('after'))
      .groupBy('n.gate')
      .orderBy('n.gate')
      .limit(integer('limit'))
      .select('n.gate')
      .$castTo<{ gate: number }>(),
);

/** Deletes gates that were unused for long, that no run refers to, and that hold no job. */
export const deleteIdleGates = statement<{ beforeMs: number; limit: number }, { no: number }>(
  'deleteIdleGates',
  ({ db, integer }) =>
    db
      .deleteFrom('gates')
      .where('no', 'in', (eb) =>
        eb
          .selectFrom('gates as g')
          .where('g.in_use', '=', sql.lit(0))
          .where('g.changed_at_ms', '<', integer('beforeMs'))
          .where((inner) =>
            inner.not(inner.exists(inner.selectFrom('runs as n').whereRef('n.gate', '=', 'g.no').select('n.no'))),
          )
          .where((inner) =>
            inner.not(inner.exists(inner.selectFrom('pauses as p').whereRef('p.gate', '=', 'g.no').select('p.gate'))),
          )
          .where(heldJobAt('g.no'), 'is', null)
          .orderBy('g.changed_at_ms')
          .limit(integer('limit'))
          .select('g.no'),
      )
      .where('in_use', '=', sql.lit(0))
      .where('changed_at_ms', '<', integer('beforeMs'))
      .returning('no'),
);
