import { sql } from 'kysely';
import { runKeys } from '../row-keys.js';
import { type Rows, rowSet, textOf } from '../row-set.js';
import { statement } from '../statement.js';
import type { RunTable } from '../tables/runs.js';

type RunState = RunTable['state'];

/** Marks runs as begun, from which their timeouts count. Returns those that were not before. */
export const beginRuns = statement<
  { rows: Rows<typeof runKeys>; nowMs: number },
  { no: number; deadline_ms: number | null }
>('beginRuns', ({ db, dialect, integer, rows, value }) =>
  db
    .updateTable('runs')
    .from(rows('rows', runKeys).as('r'))
    .set({
      state: sql.lit<RunState>('running'),
      started_at_ms: value('nowMs'),
      deadline_ms: sql<number | null>`coalesce(runs.deadline_ms, ${integer('nowMs')} + runs.timeout_ms)`,
    })
    .whereRef('runs.no', '=', 'r.no')
    .where(dialect.guard('runs.state'), '=', sql.lit<RunState>('queued'))
    .returning(['runs.no', 'runs.deadline_ms']),
);

const runTallies = rowSet({ no: 'integer', ended: 'integer', failed: 'integer', cancelled: 'integer' });

/** A run with its new counts. */
export interface TalliedRun extends Pick<RunTable, 'state' | 'open' | 'failed' | 'cancelled' | 'started_at_ms'> {
  timed_out: number;
  no: number;
  gate: number | null;
  backfill: number | null;
  /** 1: it waits at its gate. */
  held: number;
}

/** Counts jobs that ended. */
export const tallyRuns = statement<{ rows: Rows<typeof runTallies> }, TalliedRun>('tallyRuns', ({ db, rows }) =>
  db
    .updateTable('runs')
    .from(rows('rows', runTallies).as('r'))
    .set({
      open: sql<number>`runs.open - r.ended`,
      failed: sql<number>`runs.failed + r.failed`,
      cancelled: sql<number>`runs.cancelled + r.cancelled`,
    })
    .whereRef('runs.no', '=', 'r.no')
    .returning([
      'runs.no',
      'runs.state',
      'runs.open',
      'runs.failed',
      'runs.cancelled',
      'runs.started_at_ms',
      'runs.timed_out',
      'runs.gate',
      'runs.backfill',
      'runs.held',
    ])
    .$castTo<TalliedRun>(),
);

const runEnds = rowSet({ no: 'integer', state: textOf<RunState>(), at_ms: 'integer' });

/** Ends runs; `insertRunFigures` follows. */
export const endRuns = statement<{ rows: Rows<typeof runEnds> }, never>('endRuns', ({ db, rows }) =>
  db
    .updateTable('runs')
    .from(rows('rows', runEnds).as('r'))
    .set({
      state: sql.ref('r.state'),
      ended_at_ms: sql.ref('r.at_ms'),
      held: sql.lit(0),
      gate_cancels: sql.lit(0),
      deadline_ms: null,
      has_figures: sql.lit(1),
    })
    .whereRef('runs.no', '=', 'r.no'),
);

/** Locks some runs, which come in order, against other servers until the transaction ends. */
export const lockRuns = statement<{ rows: Rows<typeof runKeys> }, never>(
  'lockRuns',
  ({ db, dialect, rows }) =>
    db
      .selectFrom(rows('rows', runKeys).as('r'))
      .innerJoin('runs as n', 'n.no', 'r.no')
      .orderBy('n.no')
      .select('n.no')
      .$castTo<never>()
      .modifyEnd(dialect.lockRows('n')),
  false,
);
