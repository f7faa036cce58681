import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import { type Worker, WorkerStatus } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { workers } from '../api/transport.js';
import { useRowKeys } from '../keys/row-keys.js';
import { Ago } from '../parts/duration.js';
import { visible } from '../parts/format.js';
import { Labels } from '../parts/labels.js';
import { StateMark } from '../parts/state-mark.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import { DrainNote } from '../workers/drain-note.js';
import { Slots } from '../workers/slots.js';
import { StartCommand } from '../workers/start-command.js';
import { lookOfWorker } from '../workers/worker-look.js';
import styles from './workers.module.css';

export function WorkersPage() {
  useTitle('Workers');
  const query = useQuery({
    queryKey: ['workers'],
    queryFn: ({ signal }) => workers.listWorkers({ limit: 1_000 }, { signal }),
    refetchInterval: 60_000,
  });
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list);
  if (query.isPending) return <Skeleton label="Loading workers" />;
  if (query.isError && query.data === undefined) return <Failed error={query.error} retry={() => query.refetch()} />;
  const all = [...(query.data?.workers ?? [])].sort(liveFirst);
  const live = all.filter(({ status }) => status !== WorkerStatus.OFFLINE).length;
  return (
    <>
      <div className={styles.head}>
        <h1>Workers</h1>
        <span className={styles.sum}>
          {live} live, {all.length - live} offline · as of <Ago ms={query.dataUpdatedAt} />
        </span>
        <button type="button" className="button" onClick={() => query.refetch()} disabled={query.isFetching}>
          Refresh
        </button>
      </div>
      {all.length === 0 ? (
        <Empty title="No worker has connected">
          <p>Jobs wait until one does. Start one on any machine with Node 20 or later that reaches this server:</p>
          <StartCommand />
          <p>
            Or write one: <a href="clients/">libraries for TypeScript, Python, Go and Rust</a> come from this server
            too.
          </p>
        </Empty>
      ) : (
        <ul ref={list} className="card" aria-label="Workers">
          {all.map((worker) => (
            <WorkerRow key={worker.workerId} worker={worker} />
          ))}
        </ul>
      )}
    </>
  );
}

function WorkerRow({ worker }: { worker: Worker }) {
  const { look, word } = lookOfWorker(worker.status);
  return (
    <li className={styles.row} data-row="">
      <StateMark look={look} />
      <span className={styles.name}>
        <Link to="/workers/$id" params={{ id: worker.workerId }} className={styles.id}>
          {visible(worker.workerId, 100)}
        </Link>
        <span className={styles.quiet}>
          {word}
          {worker.version === '' ? '' : ` · ${visible(worker.version, 40)}`}
          {worker.drain === undefined ? null : (
            <>
              {' · '}
              <DrainNote drain={worker.drain} />
            </>
          )}
        </span>
      </span>
      <Labels labels={worker.labels} none={worker.onlyLabelled ? 'no labels' : 'jobs without labels'} />
      <Slots running={worker.running} slots={Math.max(worker.slots, worker.running, 1)} />
      <span className={styles.job}>
        {worker.currentJob === undefined || worker.currentWorkflowId === undefined ? null : (
          <Link
            to="/runs/$run/jobs/$job"
            params={{ run: worker.currentWorkflowId, job: worker.currentJob }}
            search={{}}
          >
            {visible(worker.currentJob, 80)}
          </Link>
        )}
        {worker.running > 1 ? ` and ${worker.running - 1} more` : ''}
      </span>
      <span className={styles.heard}>
        heard <Ago ms={Number(worker.lastHeartbeatMs)} />
      </span>
    </li>
  );
}

function liveFirst(a: Worker, b: Worker): number {
  const isOffline = (worker: Worker) => Number(worker.status === WorkerStatus.OFFLINE);
  return isOffline(a) - isOffline(b) || (a.workerId < b.workerId ? -1 : 1);
}
