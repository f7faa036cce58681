import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { workers } from '../api/transport.js';
import { Groups } from '../gates/groups.js';
import { setServerTime } from '../parts/clock.js';
import { Ago } from '../parts/duration.js';
import { formatCount, plural } from '../parts/format.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import { LabelSetRow } from '../queue/label-set-row.js';
import styles from './workers.module.css';

/** The jobs that wait for a worker, by required labels, with the reason. */
export function QueuePage() {
  const { set } = useSearch({ from: '/queue' });
  const navigate = useNavigate({ from: '/queue' });
  const query = useQuery({
    queryKey: ['queue'],
    queryFn: ({ signal }) => workers.getQueue({}, { signal }),
    refetchInterval: 15_000,
  });
  const atMs = query.data?.atMs;
  useEffect(() => {
    if (atMs !== undefined) setServerTime(Number(atMs));
  }, [atMs]);
  const sets = query.data?.labelSets ?? [];
  const stuck = sets.filter(({ noMatchingWorker }) => noMatchingWorker).length;
  useTitle(stuck > 0 ? `${stuck} without a worker · Queue` : 'Queue');
  if (query.isPending) return <Skeleton label="Loading the queue" />;
  if (query.data === undefined) return <Failed error={query.error} retry={() => query.refetch()} />;
  return (
    <>
      <div className={styles.head}>
        <h1>Queue</h1>
        <span className={styles.sum}>
          {plural(Number(query.data.waiting), 'job waits', 'jobs wait')} for a worker
          {stuck > 0 ? `, ${formatCount(stuck)} of ${plural(sets.length, 'label set')} without one` : ''} · as of{' '}
          <Ago ms={Number(query.data.atMs)} />
        </span>
        <button type="button" className="button" onClick={() => query.refetch()} disabled={query.isFetching}>
          Refresh
        </button>
      </div>
      {query.isError ? <Failed error={query.error} retry={() => query.refetch()} /> : null}
      {sets.length === 0 ? (
        <Empty title="No job waits for a worker">
          <p>Jobs whose needs have all ended stand here until a worker with their labels takes them.</p>
        </Empty>
      ) : (
        <ul className="card" aria-label="What waits, by labels">
          {sets.map((one) => (
            <LabelSetRow
              key={one.labelSet}
              set={one}
              isOpen={one.labelSet === set}
              onOpen={(open) =>
                navigate({ search: open ? { set: one.labelSet } : {}, replace: true, resetScroll: false })
              }
            />
          ))}
        </ul>
      )}
      <Groups />
    </>
  );
}
