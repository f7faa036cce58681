import { statement } from '../statement.js';
import type { SessionTable } from '../tables/access.js';

/** The sessions that have not expired. Their number is bounded for each token. */
export const liveSessions = statement<{ nowMs: number }, SessionTable>('liveSessions', ({ db, integer }) =>
  db.selectFrom('sessions').where('expires_at_ms', '>', integer('nowMs')).selectAll(),
);

export const insertSession = statement<SessionTable, never>('insertSession', ({ db, value }) =>
  db.insertInto('sessions').values({
    hash: value('hash'),
    token: value('token'),
    created_at_ms: value('created_at_ms'),
    expires_at_ms: value('expires_at_ms'),
  }),
);

/** Deletes expired sessions, and all but the newest ones of one token. */
export const deleteOldSessions = statement<{ nowMs: number; token: string; keep: number }, never>(
  'deleteOldSessions',
  ({ db, integer, text }) =>
    db
      .deleteFrom('sessions')
      .where((eb) =>
        eb.or([
          eb('expires_at_ms', '<=', integer('nowMs')),
          eb.and([
            eb('token', '=', text('token')),
            eb(
              'hash',
              'not in',
              eb
                .selectFrom('sessions as s')
                .where('s.token', '=', text('token'))
                .orderBy('s.created_at_ms', 'desc')
                .orderBy('s.hash')
                .limit(integer('keep'))
                .select('s.hash'),
            ),
          ]),
        ]),
      ),
);

/** Ends a session. Returns its token; no row when there is no such session. */
export const deleteSession = statement<{ hash: string }, { token: string }>('deleteSession', ({ db, text }) =>
  db.deleteFrom('sessions').where('hash', '=', text('hash')).returning('token'),
);
