import { sql } from 'kysely';
import type { EventType } from '../../domain/events.js';
import { keyOrChildKey, ordOf } from '../job-id-sql.js';
import { type Rows, rowSet, textOf } from '../row-set.js';
import { statement } from '../statement.js';
import type { EventTable } from '../tables/runs.js';

/**
 * Assigns numbers to some events. It is the last write of a transaction, so the numbers grow in the order of commits
 * and have no gaps: a reader of one number has read all before it.
 */
export const takeEventNumbers = statement<{ count: number }, { value: number }>('takeEventNumbers', ({ db, value }) =>
  db
    .updateTable('counters')
    .set({ value: sql<number>`value + ${value('count')}` })
    .where('name', '=', sql.lit('event'))
    .returning('value'),
);

const newEvents = rowSet({
  number: 'integer',
  at_ms: 'integer',
  type: textOf<EventType>(),
  run: 'integer?',
  job: 'integer?',
  attempt: 'integer?',
  data: 'text?',
});

/** Stores events under their assigned numbers. */
export const insertEvents = statement<{ rows: Rows<typeof newEvents> }, never>('insertEvents', ({ db, rows }) =>
  db
    .insertInto('events')
    .columns(['number', 'at_ms', 'type', 'run', 'job', 'attempt', 'data'])
    .expression((eb) =>
      eb
        .selectFrom(rows('rows', newEvents).as('r'))
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
    .leftJoin('version_jobs as v', (join) => join.onRef('v.version', '=', 'n.version').on('v.ord', '=', ordOf('e.job')))
    .where('e.number', '>', integer('after'))
    .orderBy('e.number')
    .limit(integer('limit'))
    .select([
      'e.number',
      'e.at_ms',
      'e.type',
      'n.id as run_id',
      keyOrChildKey('e.job', 'v', 'n').as('key'),
      'e.attempt',
      'e.data',
    ]),
);

/** The runs of the events after a number, in order. */
export const runsOfEventsAfter = statement<{ after: number; limit: number }, Pick<EventTable, 'number' | 'run'>>(
  'runsOfEventsAfter',
  ({ db, integer }) =>
    db
      .selectFrom('events')
      .where('number', '>', integer('after'))
      .orderBy('number')
      .limit(integer('limit'))
      .select(['number', 'run']),
);

/** Events of one run after a number, in order. */
export const eventsOfRunAfter = statement<{ run: number; after: number; limit: number }, EventViewRow>(
  'eventsOfRunAfter',
  ({ db, integer }) =>
    db
      .selectFrom('events as e')
      .innerJoin('runs as n', 'n.no', 'e.run')
      .leftJoin('version_jobs as v', (join) =>
        join.onRef('v.version', '=', 'n.version').on('v.ord', '=', ordOf('e.job')),
      )
      .where('e.run', '=', integer('run'))
      .where('e.number', '>', integer('after'))
      .orderBy('e.number')
      .limit(integer('limit'))
      .select([
        'e.number',
        'e.at_ms',
        'e.type',
        'n.id as run_id',
        keyOrChildKey('e.job', 'v', 'n').as('key'),
        'e.attempt',
        'e.data',
      ]),
);

/** The number of the newest event, whether it is still stored or not. */
export const lastEventNumber = statement<Record<string, never>, { value: number }>('lastEventNumber', ({ db }) =>
  db.selectFrom('counters').where('name', '=', sql.lit('event')).select('value'),
);
