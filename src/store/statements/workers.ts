import { sql } from 'kysely';
import type { WorkerTable } from '../schema.js';
import { type Cells, statement } from '../statement.js';

const columns = {
  id: 'text',
  labels: 'text',
  slots: 'integer',
  version: 'text',
  registered_at_ms: 'integer',
  seen_at_ms: 'integer',
} as const;

/** Makes workers known, or replaces what is known of them. Rows: id, labels, slots, version, registered at, seen at. */
export const registerWorkers = statement<{ rows: Cells }, never>('registerWorkers', ({ db, rows }) =>
  db
    .insertInto('workers')
    .columns(['id', 'labels', 'slots', 'version', 'registered_at_ms', 'seen_at_ms'])
    .expression((eb) =>
      eb
        .selectFrom(rows<WorkerTable>('rows', columns).as('r'))
        .select(['r.id', 'r.labels', 'r.slots', 'r.version', 'r.registered_at_ms', 'r.seen_at_ms'])
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
      }),
    ),
);

/** Notes that workers were heard of; one that claims without having registered becomes known. Same rows. */
export const noteWorkers = statement<{ rows: Cells }, never>('noteWorkers', ({ db, dialect, rows }) =>
  db
    .insertInto('workers')
    .columns(['id', 'labels', 'slots', 'version', 'registered_at_ms', 'seen_at_ms'])
    .expression((eb) =>
      eb
        .selectFrom(rows<WorkerTable>('rows', columns).as('r'))
        .select(['r.id', 'r.labels', 'r.slots', 'r.version', 'r.registered_at_ms', 'r.seen_at_ms'])
        .where(sql<boolean>`true`)
        .orderBy('r.id'),
    )
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet({ seen_at_ms: dialect.greatest(sql`workers.seen_at_ms`, sql`excluded.seen_at_ms`) }),
    ),
);

/** Notes that registered workers were heard of. Rows: id, seen at. Returns those that are known. */
export const touchWorkers = statement<{ rows: Cells }, { id: string }>('touchWorkers', ({ db, dialect, rows }) =>
  db
    .updateTable('workers')
    .from(rows<{ id: string; seen_at_ms: number }>('rows', { id: 'text', seen_at_ms: 'integer' }).as('r'))
    .set({ seen_at_ms: dialect.greatest(sql`workers.seen_at_ms`, sql`r.seen_at_ms`) })
    .whereRef('workers.id', '=', 'r.id')
    .returning('workers.id'),
);

export const listWorkers = statement<{ limit: number; offset: number }, WorkerTable>('listWorkers', ({ db, integer }) =>
  db
    .selectFrom('workers')
    .selectAll()
    .orderBy('registered_at_ms', 'desc')
    .orderBy('id')
    .limit(integer('limit'))
    .offset(integer('offset')),
);
