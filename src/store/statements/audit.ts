import { sql } from 'kysely';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import type { AuditTable } from '../tables/access.js';

const newEntries = rowSet({
  at_ms: 'integer',
  action: 'text',
  subject: 'text',
  source: 'text',
  actor: 'text?',
  data: 'text?',
});

/** Adds entries. */
export const insertAudit = statement<{ rows: Rows<typeof newEntries> }, never>('insertAudit', ({ db, rows }) =>
  db
    .insertInto('audit')
    .columns(['at_ms', 'action', 'subject', 'source', 'actor', 'data'])
    .expression((eb) =>
      eb
        .selectFrom(rows('rows', newEntries).as('r'))
        .select(['r.at_ms', 'r.action', 'r.subject', 'r.source', 'r.actor', 'r.data']),
    ),
);

/** An entry with the name of the acting token. */
export interface AuditRow extends Omit<AuditTable, 'no'> {
  no: number;
  actor_name: string | null;
}

/** Entries before a number, newest first; an empty action or subject matches any. */
export const auditBefore = statement<{ before: number; action: string; subject: string; limit: number }, AuditRow>(
  'auditBefore',
  ({ db, integer, text }) =>
    db
      .selectFrom('audit as a')
      .leftJoin('tokens as t', 't.id', 'a.actor')
      .where('a.no', '<', integer('before'))
      .where((eb) => eb.or([eb(text('action'), '=', sql.lit('')), eb('a.action', '=', text('action'))]))
      .where((eb) => eb.or([eb(text('subject'), '=', sql.lit('')), eb('a.subject', '=', text('subject'))]))
      .orderBy('a.no', 'desc')
      .limit(integer('limit'))
      .select(['a.no', 'a.at_ms', 'a.action', 'a.subject', 'a.source', 'a.actor', 'a.data', 't.name as actor_name']),
);

/** The oldest entries, in order. */
export const oldestAudit = statement<{ limit: number }, { no: number; at_ms: number }>(
  'oldestAudit',
  ({ db, integer }) =>
    db.selectFrom('audit').where('no', '>', sql.lit(0)).orderBy('no').limit(integer('limit')).select(['no', 'at_ms']),
);

/** Deletes the entries up to a number. */
export const deleteAuditUpTo = statement<{ no: number }, never>('deleteAuditUpTo', ({ db, integer }) =>
  db.deleteFrom('audit').where('no', '<=', integer('no')),
);
