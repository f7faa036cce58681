import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useRef } from 'react';
import { can, useSession } from '../api/session.js';
import { workflows } from '../api/transport.js';
import { useRowKeys } from '../keys/row-keys.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import { WorkflowRow } from '../workflows/workflow-row.js';
import styles from './runs.module.css';

export function WorkflowsPage() {
  useTitle('Workflows');
  const { q = '' } = useSearch({ from: '/workflows' });
  const navigate = useNavigate({ from: '/workflows' });
  const { data: session } = useSession();
  const query = useInfiniteQuery({
    queryKey: ['workflows', q],
    queryFn: ({ pageParam, signal }) =>
      workflows.listWorkflowSummaries({ limit: 100, pageToken: pageParam, query: q }, { signal }),
    initialPageParam: '',
    getNextPageParam: ({ nextPageToken }) => (nextPageToken === '' ? undefined : nextPageToken),
    placeholderData: (before) => before,
  });
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list);
  const rows = query.data?.pages.flatMap((page) => page.workflows) ?? [];
  return (
    <>
      <div className={styles.head}>
        <h1>Workflows</h1>
        <search className={styles.filters}>
          <input
            type="search"
            className={`field ${styles.search}`}
            placeholder="Find a workflow"
            aria-label="Find workflows by their id or name"
            value={q}
            onChange={({ target }) =>
              navigate({ search: target.value === '' ? {} : { q: target.value }, replace: true })
            }
          />
          {can(session, 'submit') ? (
            <Link to="/workflows/new" className="button">
              New workflow
            </Link>
          ) : (
            <button type="button" className="button" disabled title="Needs a token with the scope submit">
              New workflow
            </button>
          )}
        </search>
      </div>
      {query.isError ? (
        <Failed error={query.error} retry={() => query.refetch()} />
      ) : query.isPending ? (
        <Skeleton rows={8} label="Loading workflows" />
      ) : rows.length === 0 ? (
        <NoWorkflows q={q} />
      ) : (
        <>
          <ul ref={list} className="card" aria-label="Workflows">
            {rows.map((workflow) => (
              <WorkflowRow key={workflow.id} workflow={workflow} />
            ))}
          </ul>
          {query.hasNextPage ? (
            <button type="button" className={`button ${styles.more}`} onClick={() => query.fetchNextPage()}>
              More workflows
            </button>
          ) : null}
        </>
      )}
    </>
  );
}

const sample = `name: hello
on: manual
jobs:
  greet:
    steps:
      - run: echo hello
`;

function NoWorkflows({ q }: { q: string }) {
  const navigate = useNavigate();
  if (q !== '') {
    return (
      <Empty title={`No workflow is called “${q}”`}>
        <button type="button" className="button" onClick={() => navigate({ to: '/workflows', search: {} })}>
          Clear the search
        </button>
      </Empty>
    );
  }
  return (
    <Empty title="There is no workflow yet">
      <p>Put a file such as this into the server's folder of workflows, as hello.yml; it is loaded at once:</p>
      <pre>{sample}</pre>
    </Empty>
  );
}
