import { sql } from 'kysely';
import { statement } from '../statement.js';

// Drains of workers. They are columns of the workers, which a registration leaves as they are.

/** All draining workers. */
export const drainingWorkers = statement<Record<string, never>, { id: string; drain_stop: number }>(
  'drainingWorkers',
  ({ db }) =>
    db.selectFrom('workers').where('drained_at_ms', 'is not', null).orderBy('id').select(['id', 'drain_stop']),
);

export interface DrainRow {
  id: string;
  drained_at_ms: number;
  drained_by: string | null;
  drain_reason: string;
  drain_stop: number;
}

/** Drains a worker. Returns no row when the worker is unknown, or draining with the same `drain_stop`. */
export const drainWorker = statement<DrainRow, { id: string }>('drainWorker', ({ db, integer, text, value }) =>
  db
    .updateTable('workers')
    .set({
      drained_at_ms: integer('drained_at_ms'),
      drained_by: value('drained_by'),
      drain_reason: text('drain_reason'),
      drain_stop: integer('drain_stop'),
    })
    .where('id', '=', text('id'))
    .where((eb) => eb.or([eb('drained_at_ms', 'is', null), eb('drain_stop', '<>', integer('drain_stop'))]))
    .returning('id'),
);

/** Undoes a drain. Returns no row when the worker is unknown or not draining. */
export const undrainWorker = statement<{ id: string }, { id: string }>('undrainWorker', ({ db, text }) =>
  db
    .updateTable('workers')
    .set({ drained_at_ms: null, drained_by: null, drain_reason: null, drain_stop: sql.lit(0) })
    .where('id', '=', text('id'))
    .where('drained_at_ms', 'is not', null)
    .returning('id'),
);
