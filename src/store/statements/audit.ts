import { sql } from 'kysely';
import type { AuditTable } from '../schema.js';
import { type Cells, statement } from '../statement.js';

/** Rows: time, action, subject, source, actor, data. */
export const insertAudit = statement<{ rows: Cells }, never>('insertAudit', ({ db, rows }) =>
  db
    .insertInto('audit')
    .columns(['at_ms', 'action', 'subject', 'source', 'actor', 'data'])
    .expression((eb) =>
      eb
        .selectFrom(
          rows<Omit<AuditTable, 'no'>>('rows', {
            at_ms: 'integer',
            action: 'text',
            subject: 'text',
            source: 'text',
            actor: 'text',
            data: 'text',
          }).as('r'),
        )
        .select(['r.at_ms', 'r.action', 'r.subject', 'r.source', 'r.actor', 'r.data']),
    ),
);

/** An entry with the name of the token that it was done with. */
export interface AuditRow extends Omit<AuditTable, 'no'> {
  no: number;
  actor_name: string | null;
}

/** Entries before a number, newest first; an empty action or subject stands for any. */
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

/** Takes away the entries up to a number. */
export const deleteAuditUpTo = statement<{ no: number }, never>('deleteAuditUpTo', ({ db, integer }) =>
  db.deleteFrom('audit').where('no', '<=', integer('no')),
);
