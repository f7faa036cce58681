import { type Selectable, sql } from 'kysely';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import type { WorkerTable } from '../tables/workers.js';

const knownWorkers = rowSet({
  id: 'text',
  labels: 'text',
  slots: 'integer',
  version: 'text',
  registered_at_ms: 'integer',
  seen_at_ms: 'integer',
  only_labelled: 'integer',
  credential: 'text?',
});

/** Registers workers, or replaces their registration. */
export const registerWorkers = statement<{ rows: Rows<typeof knownWorkers> }, never>(
  'registerWorkers',
  ({ db, rows }) =>
    db
      .insertInto('workers')
      .columns(['id', 'labels', 'slots', 'version', 'registered_at_ms', 'seen_at_ms', 'only_labelled', 'credential'])
      .expression((eb) =>
        eb
          .selectFrom(rows('rows', knownWorkers).as('r'))
          .select([
            'r.id',
            'r.labels',
            'r.slots',
            'r.version',
            'r.registered_at_ms',
            'r.seen_at_ms',
            'r.only_labelled',
            'r.credential',
          ])
          .where(sql<boolean>`true`)
          .orderBy('r.id'),
      )
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet({
          labels: sql`excluded.labels`,
          slots: sql`excluded.slots`,
          version: sql`excluded.version`,
          registered_at_ms: sql`excluded.registered_at_ms`,
          seen_at_ms: sql`excluded.seen_at_ms`,
          only_labelled: sql`excluded.only_labelled`,
          credential: sql`coalesce(excluded.credential, workers.credential)`,
        }),
      ),
);

const namedWorkers = rowSet({ id: 'text' });

/** Locks the rows of workers, in the order of their ids, and creates missing ones, which have no owner. */
export const lockWorkers = statement<{ rows: Rows<typeof namedWorkers>; nowMs: number }, never>(
  'lockWorkers',
  ({ db, integer, rows }) =>
    db
      .insertInto('workers')
      .columns(['id', 'labels', 'slots', 'version', 'registered_at_ms', 'seen_at_ms', 'only_labelled'])
      .expression((eb) =>
        eb
          .selectFrom(rows('rows', namedWorkers).as('r'))
          .select(['r.id', sql.lit('[]').as('labels'), sql.lit(1).as('slots'), sql.lit('').as('version')])
          .select([
            integer('nowMs').as('registered_at_ms'),
            integer('nowMs').as('seen_at_ms'),
            sql.lit(0).as('only_labelled'),
          ])
          .where(sql<boolean>`true`)
          .orderBy('r.id'),
      )
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ seen_at_ms: sql`workers.seen_at_ms` })),
);

/**
 * Records that workers are alive; a worker that claims without having registered becomes known. Same rows. An owner stays; returns
 * the owners.
 */
export const noteWorkers = statement<{ rows: Rows<typeof knownWorkers> }, Pick<WorkerTable, 'id' | 'credential'>>(
  'noteWorkers',
  ({ db, dialect, rows }) =>
    db
      .insertInto('workers')
      .columns(['id', 'labels', 'slots', 'version', 'registered_at_ms', 'seen_at_ms', 'only_labelled', 'credential'])
      .expression((eb) =>
        eb
          .selectFrom(rows('rows', knownWorkers).as('r'))
          .select([
            'r.id',
            'r.labels',
            'r.slots',
            'r.version',
            'r.registered_at_ms',
            'r.seen_at_ms',
            'r.only_labelled',
            'r.credential',
          ])
          .where(sql<boolean>`true`)
          .orderBy('r.id'),
      )
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet({
          seen_at_ms: dialect.greatest(sql`workers.seen_at_ms`, sql`excluded.seen_at_ms`),
          credential: sql`coalesce(workers.credential, excluded.credential)`,
        }),
      )
      .returning(['id', 'credential']),
);

const newOwners = rowSet({ id: 'text', credential: 'text?' });

/** Gives workers, whose rows are locked, another owner. */
export const replaceOwners = statement<{ rows: Rows<typeof newOwners> }, never>('replaceOwners', ({ db, rows }) =>
  db
    .updateTable('workers')
    .from(rows('rows', newOwners).as('r'))
    .set({ credential: sql<string | null>`coalesce(r.credential, workers.credential)` })
    .whereRef('workers.id', '=', 'r.id'),
);

const seenWorkers = rowSet({ id: 'text', seen_at_ms: 'integer' });

/** Records that registered workers are alive. Returns the registered ones. */
export const touchWorkers = statement<{ rows: Rows<typeof seenWorkers> }, { id: string }>(
  'touchWorkers',
  ({ db, dialect, rows }) =>
    db
      .updateTable('workers')
      .from(rows('rows', seenWorkers).as('r'))
      .set({ seen_at_ms: dialect.greatest(sql`workers.seen_at_ms`, sql`r.seen_at_ms`) })
      .whereRef('workers.id', '=', 'r.id')
      .returning('workers.id'),
);

/** A worker's id that a caller uses and another token owns. */
interface OtherOwner {
  id: string;
  credential: string;
  owner: string;
  /** Name of the owner; null when the token is unknown. */
  name: string | null;
  expires_at_ms: number | null;
  revoked_at_ms: number | null;
  caller_name: string | null;
}

const workerCallers = rowSet({ id: 'text', credential: 'text' });

/** Those of some workers that belong to another token than the caller's. */
export const otherOwners = statement<{ rows: Rows<typeof workerCallers> }, OtherOwner>('otherOwners', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', workerCallers).as('r'))
    .innerJoin('workers as w', 'w.id', 'r.id')
    .leftJoin('tokens as o', 'o.id', 'w.credential')
    .leftJoin('tokens as c', 'c.id', 'r.credential')
    .whereRef('w.credential', '<>', 'r.credential')
    .select([
      'r.id',
      'r.credential',
      sql<string>`w.credential`.as('owner'),
      'o.name',
      'o.expires_at_ms',
      'o.revoked_at_ms',
      'c.name as caller_name',
    ]),
);

/** A worker for readers. */
export interface WorkerRow extends Selectable<WorkerTable> {
  drained_by_name: string | null;
}

const drainedByName = sql<string | null>`(select t.name from tokens as t where t.id = workers.drained_by)`;

export const listWorkers = statement<{ limit: number; offset: number }, WorkerRow>('listWorkers', ({ db, integer }) =>
  db
    .selectFrom('workers')
    .selectAll()
    .select(drainedByName.as('drained_by_name'))
    .orderBy('registered_at_ms', 'desc')
    .orderBy('id')
    .limit(integer('limit'))
    .offset(integer('offset')),
);

export const workerById = statement<{ id: string }, WorkerRow>('workerById', ({ db, text }) =>
  db.selectFrom('workers').where('id', '=', text('id')).selectAll().select(drainedByName.as('drained_by_name')),
);
