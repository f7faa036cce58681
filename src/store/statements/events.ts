import { sql } from 'kysely';
import type { EventTable } from '../schema.js';
import { type Cells, statement } from '../statement.js';

/**
 * Takes numbers for some events. It is the last write of a transaction, so that the numbers grow in the order of
 * commits and have no gaps: who reads up to a number has read all before it.
 */
export const takeEventNumbers = statement<{ count: number }, { value: number }>('takeEventNumbers', ({ db, value }) =>
  db
    .updateTable('counters')
    .set({ value: sql<number>`value + ${value('count')}` })
    .where('name', '=', sql.lit('event'))
    .returning('value'),
);

/** Rows: number, time, type, run, job, attempt, data. */
export const insertEvents = statement<{ rows: Cells }, never>('insertEvents', ({ db, rows }) =>
  db
    .insertInto('events')
    .columns(['number', 'at_ms', 'type', 'run', 'job', 'attempt', 'data'])
    .expression((eb) =>
      eb
        .selectFrom(
          rows<EventTable>('rows', {
            number: 'integer',
            at_ms: 'integer',
            type: 'text',
            run: 'integer',
            job: 'integer',
            attempt: 'integer',
            data: 'text',
          }).as('r'),
        )
        .select(['r.number', 'r.at_ms', 'r.type', 'r.run', 'r.job', 'r.attempt', 'r.data']),
    ),
);

/** The number and time of the newest event. */
export const newestEvent = statement<Record<string, never>, Pick<EventTable, 'number' | 'at_ms'>>(
  'newestEvent',
  ({ db }) => db.selectFrom('events').select(['number', 'at_ms']).orderBy('number', 'desc').limit(sql.lit(1)),
);

export interface EventViewRow {
  number: number;
  at_ms: number;
  type: string;
  run_id: string | null;
  key: string | null;
  attempt: number | null;
  data: string | null;
}

/** Events after a number, in order. */
export const eventsAfter = statement<{ after: number; limit: number }, EventViewRow>('eventsAfter', ({ db, integer }) =>
  db
    .selectFrom('events as e')
    .leftJoin('runs as n', 'n.no', 'e.run')
    .leftJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'n.version').on('v.ord', '=', sql<number>`e.job % 1048576`),
    )
    .where('e.number', '>', integer('after'))
    .orderBy('e.number')
    .limit(integer('limit'))
    .select(['e.number', 'e.at_ms', 'e.type', 'n.id as run_id', 'v.key', 'e.attempt', 'e.data']),
);

/** Events of one run after a number, in order. */
export const eventsOfRunAfter = statement<{ run: number; after: number; limit: number }, EventViewRow>(
  'eventsOfRunAfter',
  ({ db, integer }) =>
    db
      .selectFrom('events as e')
      .innerJoin('runs as n', 'n.no', 'e.run')
      .leftJoin('version_jobs as v', (join) =>
        join.onRef('v.version', '=', 'n.version').on('v.ord', '=', sql<number>`e.job % 1048576`),
      )
      .where('e.run', '=', integer('run'))
      .where('e.number', '>', integer('after'))
      .orderBy('e.number')
      .limit(integer('limit'))
      .select(['e.number', 'e.at_ms', 'e.type', 'n.id as run_id', 'v.key', 'e.attempt', 'e.data']),
);

/** The number of the newest event, whether it is still kept or not. */
export const lastEventNumber = statement<Record<string, never>, { value: number }>('lastEventNumber', ({ db }) =>
  db.selectFrom('counters').where('name', '=', sql.lit('event')).select('value'),
);
