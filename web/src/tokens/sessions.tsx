import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { session } from '../api/transport.js';
import { Ago } from '../parts/duration.js';
import { formatExact } from '../parts/format.js';
import { Failed, Skeleton } from '../parts/states.js';
import styles from './tokens.module.css';

/** The browsers that signed in with the caller's token; each can be signed out from here. */
export function Sessions({ onEndedCurrent }: { onEndedCurrent: () => void }) {
  const queries = useQueryClient();
  const query = useQuery({ queryKey: ['sessions'], queryFn: ({ signal }) => session.listSessions({}, { signal }) });
  const end = useMutation({
    mutationFn: ({ id }: { readonly id: string; readonly isCurrent: boolean }) => session.endSession({ sessionId: id }),
    onSuccess: (_, { isCurrent }) =>
      isCurrent ? onEndedCurrent() : queries.invalidateQueries({ queryKey: ['sessions'] }),
  });
  if (query.isError) return <Failed error={query.error} retry={() => query.refetch()} />;
  if (query.data === undefined) return <Skeleton rows={2} label="Loading the sessions" />;
  if (query.data.sessions.length === 0) return null;
  return (
    <>
      <h3 className={styles.under}>Browsers that signed in with this token</h3>
      <ul className={styles.sessions} aria-label="Sessions">
        {query.data.sessions.map(({ sessionId: id, createdAtMs, expiresAtMs, isCurrent }) => (
          <li key={id}>
            <span>
              {isCurrent ? <strong>this browser, </strong> : null}
              signed in <Ago ms={Number(createdAtMs)} />, until {formatExact(Number(expiresAtMs))}
            </span>
            <button
              type="button"
              className="button"
              disabled={end.isPending}
              onClick={() => end.mutate({ id, isCurrent })}
            >
              End
            </button>
          </li>
        ))}
      </ul>
      {end.isError ? <Failed error={end.error} /> : null}
    </>
  );
}
