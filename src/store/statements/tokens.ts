import { sql } from 'kysely';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import type { TokenTable } from '../tables/access.js';

export const allTokens = statement<Record<string, never>, TokenTable>('allTokens', ({ db }) =>
  db.selectFrom('tokens').selectAll().orderBy('created_at_ms').orderBy('id'),
);

const tokenIds = rowSet({ id: 'text' });

/** The names of tokens. */
export const tokenNames = statement<{ rows: Rows<typeof tokenIds> }, { id: string; name: string | null }>(
  'tokenNames',
  ({ db, rows }) =>
    db.selectFrom(rows('rows', tokenIds).as('r')).innerJoin('tokens as t', 't.id', 'r.id').select(['t.id', 't.name']),
);

export const insertToken = statement<Omit<TokenTable, 'last_used_at_ms'>, never>('insertToken', ({ db, value }) =>
  db.insertInto('tokens').values({
    id: value('id'),
    name: value('name'),
    hash: value('hash'),
    scopes: value('scopes'),
    labels: value('labels'),
    created_at_ms: value('created_at_ms'),
    expires_at_ms: value('expires_at_ms'),
    revoked_at_ms: value('revoked_at_ms'),
    only_labelled: value('only_labelled'),
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

const tokenUses = rowSet({ id: 'text', at_ms: 'integer' });

/** Records the last use of tokens. */
export const noteTokenUse = statement<{ rows: Rows<typeof tokenUses> }, never>(
  'noteTokenUse',
  ({ db, dialect, rows }) =>
    db
      .updateTable('tokens')
      .from(rows('rows', tokenUses).as('r'))
      .set({ last_used_at_ms: dialect.greatest(sql`coalesce(tokens.last_used_at_ms, 0)`, sql`r.at_ms`) })
      .whereRef('tokens.id', '=', 'r.id'),
);
