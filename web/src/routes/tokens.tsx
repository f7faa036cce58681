import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { can, useSession } from '../api/session.js';
import { tokens } from '../api/transport.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import { CreateToken } from '../tokens/create-token.js';
import { RevokeToken } from '../tokens/revoke-token.js';
import { isValid, TokenRow } from '../tokens/token-row.js';
import styles from '../tokens/tokens.module.css';

/** The access tokens, for tokens with the scope `admin`. */
export function TokensPage() {
  useTitle('Tokens');
  const { data: session } = useSession();
  const mayAdmin = can(session, 'admin');
  const [asked, setAsked] = useState<'create' | { readonly id: string; readonly name: string } | null>(null);
  const queries = useQueryClient();
  const query = useQuery({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => tokens.listTokens({}, { signal }),
    enabled: mayAdmin,
  });
  const close = () => {
    setAsked(null);
    // The first token of a server changes what every caller may do.
    void queries.invalidateQueries({ queryKey: ['tokens'] });
    void queries.invalidateQueries({ queryKey: ['session'] });
  };
  const all = query.data?.tokens ?? [];
  const shown = [...all].sort((a, b) => Number(isValid(b)) - Number(isValid(a)));
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>Tokens</h1>
        <button
          type="button"
          className="button primary"
          disabled={!mayAdmin || query.data === undefined}
          title={mayAdmin ? undefined : 'Needs a token with the scope admin'}
          onClick={() => setAsked('create')}
        >
          New token…
        </button>
      </header>
      {session !== undefined && !mayAdmin ? (
        <Empty title="This page needs the scope admin">
          {session.tokenName === undefined ? (
            <Link to="/sign-in" search={{}}>
              Sign in
            </Link>
          ) : (
            `The token ${session.tokenName} may ${session.scopes.join(', ')}.`
          )}
        </Empty>
      ) : query.isError ? (
        <Failed error={query.error} retry={() => query.refetch()} />
      ) : query.data === undefined ? (
        <Skeleton rows={4} label="Loading the tokens" />
      ) : shown.length === 0 ? (
        <Empty title="There is no token yet">
          Everyone who reaches this port may do everything. With the first token every call needs one.
        </Empty>
      ) : (
        <ul className={`card ${styles.list}`} aria-label="Tokens">
          {shown.map((token) => (
            <TokenRow
              key={token.tokenId}
              token={token}
              isOwn={token.name === session?.tokenName}
              onRevoke={() => setAsked({ id: token.tokenId, name: token.name })}
            />
          ))}
        </ul>
      )}
      {asked === 'create' ? <CreateToken isFirst={all.length === 0} onClose={close} /> : null}
      {asked !== null && asked !== 'create' ? (
        <RevokeToken token={asked} isOwn={asked.name === session?.tokenName} onClose={close} />
      ) : null}
    </div>
  );
}
