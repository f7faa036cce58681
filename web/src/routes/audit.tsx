import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { AuditEvent } from '../../gen/workflowgraph/v1/audit_service_pb.js';
import { can, useSession } from '../api/session.js';
import { audit } from '../api/transport.js';
import { auditActions, detailsOf, placeOfSubject, wordsOf } from '../audit/words.js';
import { Ago } from '../parts/duration.js';
import { visible } from '../parts/format.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import styles from './audit.module.css';

/** Who did what, newest first. */
export function AuditPage() {
  useTitle('Audit');
  const search = useSearch({ from: '/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const { data: session } = useSession();
  const mayRead = can(session, 'admin');
  const query = useInfiniteQuery({
    queryKey: ['audit', search],
    queryFn: ({ pageParam, signal }) =>
      audit.listAuditEvents(
        { limit: 100, pageToken: pageParam, action: search.action ?? '', subject: search.subject ?? '' },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: ({ nextPageToken }) => (nextPageToken === '' ? undefined : nextPageToken),
    enabled: mayRead,
  });
  const events = (query.data?.pages ?? []).flatMap((page) => page.events);
  return (
    <>
      <div className={styles.head}>
        <h1>Audit</h1>
        <label>
          <span className="hidden-text">Action</span>
          <select
            className="field"
            value={search.action ?? ''}
            onChange={({ target }) =>
              navigate({
                search: (before: AuditSearch) => withText(before, 'action', target.value),
                replace: true,
              })
            }
          >
            <option value="">All actions</option>
            {auditActions.map((action) => (
              <option key={action} value={action}>
                {wordsOf(action)}
              </option>
            ))}
          </select>
        </label>
        {search.subject === undefined ? null : (
          <button
            type="button"
            className="button"
            onClick={() =>
              navigate({ search: (before: AuditSearch) => withText(before, 'subject', ''), replace: true })
            }
          >
            {visible(search.subject, 40)} <span aria-hidden="true">×</span>
            <span className="hidden-text">: remove this filter</span>
          </button>
        )}
        <button
          type="button"
          className="button"
          disabled={query.isFetching || !mayRead}
          onClick={() => query.refetch()}
        >
          Refresh
        </button>
      </div>
      {session !== undefined && !mayRead ? (
        <Empty title="The audit needs a token with the scope admin">
          <p>
            {session.tokenName === undefined
              ? 'Nobody is signed in.'
              : `The token in use, ${visible(session.tokenName, 80)}, may ${session.scopes.join(', ')}.`}
          </p>
        </Empty>
      ) : query.isError ? (
        <Failed error={query.error} retry={() => query.refetch()} />
      ) : query.isPending ? (
        <Skeleton rows={10} label="Loading the audit" />
      ) : events.length === 0 ? (
        <Empty title={search.action || search.subject ? 'Nothing matches' : 'Nothing was done yet'} />
      ) : (
        <>
          <ul className="card" aria-label="What was done, newest first">
            {events.map((event, n) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: entries have no id, and none is ever put between others
              <AuditRow key={n} event={event} />
            ))}
          </ul>
          {query.hasNextPage ? (
            <button
              type="button"
              className={`button ${styles.more}`}
              disabled={query.isFetchingNextPage}
              onClick={() => query.fetchNextPage()}
            >
              {query.isFetchingNextPage ? 'Loading…' : 'Older'}
            </button>
          ) : null}
        </>
      )}
    </>
  );
}

interface AuditSearch {
  readonly action?: string;
  readonly subject?: string;
}

function withText(before: AuditSearch, name: keyof AuditSearch, value: string): AuditSearch {
  const { [name]: _, ...rest } = before;
  return value === '' ? rest : { ...rest, [name]: value };
}

function AuditRow({ event }: { event: AuditEvent }) {
  const { action, subject, actor, source, atMs } = event;
  const place = placeOfSubject(action, subject);
  return (
    <li className={styles.row} data-row="">
      <span className={styles.when}>
        <Ago ms={Number(atMs)} />
      </span>
      <span className={styles.what}>
        <strong>{wordsOf(action)}</strong>{' '}
        {place === null ? (
          <code>{visible(subject, 120)}</code>
        ) : (
          <Link {...place}>
            <code>{visible(subject, 120)}</code>
          </Link>
        )}
        <span className={styles.details}>{visible(detailsOf(event), 400)}</span>
      </span>
      <span className={styles.who}>
        {actor === undefined ? 'no token' : visible(actor, 80)}
        <span className={styles.source}> · {visible(source.replaceAll('-', ' '), 40)}</span>
      </span>
    </li>
  );
}
