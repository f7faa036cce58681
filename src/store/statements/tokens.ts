import type { TokenTable } from '../schema.js';
import { statement } from '../statement.js';

export const allTokens = statement<Record<string, never>, TokenTable>('allTokens', ({ db }) =>
  db.selectFrom('tokens').selectAll().orderBy('created_at_ms').orderBy('id'),
);

export const insertToken = statement<TokenTable, never>('insertToken', ({ db, value }) =>
  db.insertInto('tokens').values({
    id: value('id'),
    name: value('name'),
    hash: value('hash'),
    scopes: value('scopes'),
    labels: value('labels'),
    created_at_ms: value('created_at_ms'),
    expires_at_ms: value('expires_at_ms'),
    revoked_at_ms: value('revoked_at_ms'),
  }),
);

/** Revokes a token by its id or name. Returns those that were not revoked before. */
export const revokeToken = statement<{ idOrName: string; nowMs: number }, { id: string; name: string }>(
  'revokeToken',
  ({ db, text, value }) =>
    db
      .updateTable('tokens')
      .set({ revoked_at_ms: value('nowMs') })
      .where((eb) => eb.or([eb('id', '=', text('idOrName')), eb('name', '=', text('idOrName'))]))
      .where('revoked_at_ms', 'is', null)
      .returning(['id', 'name']),
);
