import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useRef } from 'react';
import type { RunningJob } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { workers } from '../api/transport.js';
import { useRowKeys } from '../keys/row-keys.js';
import { Crumbs } from '../parts/crumbs.js';
import { Ago, Elapsed } from '../parts/duration.js';
import { plural, shortId, visible } from '../parts/format.js';
import { Labels } from '../parts/labels.js';
import { StateMark } from '../parts/state-mark.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import { workflowName } from '../parts/workflow-name.js';
import { DrainNote } from '../workers/drain-note.js';
import { DrainWorker } from '../workers/drain-worker.js';
import { Slots } from '../workers/slots.js';
import { lookOfWorker } from '../workers/worker-look.js';
import styles from './worker.module.css';

/** A worker: its facts, and every job that it runs. */
export function WorkerPage() {
  const { id } = useParams({ from: '/workers/$id' });
  useTitle(id);
  const query = useQuery({
    queryKey: ['worker', id],
    queryFn: ({ signal }) => workers.getWorker({ workerId: id }, { signal }),
    refetchInterval: 15_000,
    gcTime: 0,
  });
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list);
  const worker = query.data?.worker;
  if (query.isPending) return <Skeleton label="Loading the worker" />;
  if (query.data === undefined || worker === undefined) {
    return <Failed error={query.error} retry={() => query.refetch()} />;
  }
  const { look, word } = lookOfWorker(worker.status);
  const { running } = query.data;
  return (
    <div className={styles.page}>
      <Crumbs>
        <Link to="/workers">Workers</Link>
      </Crumbs>
      <header className={styles.head}>
        <StateMark look={look} size={22} />
        <h1>{visible(worker.workerId, 200)}</h1>
        <span className={styles.state}>{word}</span>
        <DrainWorker worker={worker} />
      </header>
      {worker.drain === undefined ? null : (
        <p className={styles.state}>
          <DrainNote drain={worker.drain} />
        </p>
      )}
      <dl className={`card ${styles.facts}`}>
        <Fact word="Slots">
          <Slots running={worker.running} slots={Math.max(worker.slots, worker.running, 1)} />
        </Fact>
        <Fact word="Labels">
          <Labels labels={worker.labels} none="none" />
        </Fact>
        <Fact word="Takes">{worker.onlyLabelled ? 'only jobs with labels' : 'jobs with its labels or with none'}</Fact>
        <Fact word="Software">{worker.version === '' ? 'not said' : visible(worker.version, 100)}</Fact>
        <Fact word="Heard">
          <Ago ms={Number(worker.lastHeartbeatMs)} />
        </Fact>
        <Fact word="Registered">
          <Ago ms={Number(worker.registeredAtMs)} />
        </Fact>
      </dl>
      <section className={styles.running}>
        <h2>Runs {plural(worker.running, 'job')}</h2>
        {running.length === 0 ? (
          <Empty title="It runs nothing at the moment" />
        ) : (
          <ul ref={list} className="card" aria-label="Jobs that it runs">
            {running.map((job) => (
              <Row key={`${job.runId}-${job.jobId}`} job={job} />
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}

function Row({ job }: { job: RunningJob }) {
  return (
    <li className={styles.row} data-row="">
      <StateMark look="running" />
      <Link to="/runs/$run/jobs/$job" params={{ run: job.runId, job: job.jobId }} search={{}} className={styles.name}>
        {visible(job.jobId, 150)}
      </Link>
      <span className={styles.of}>
        {visible(workflowName(job.workflow, job.workflowName), 100)} {shortId(job.runId)}
        {job.attempt > 0 ? `, attempt ${job.attempt}` : ''}
      </span>
      <span className={styles.took}>
        <Elapsed fromMs={Number(job.claimedAtMs)} toMs={null} />
      </span>
    </li>
  );
}

function Fact({ word, children }: { word: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{word}</dt>
      <dd>{children}</dd>
    </div>
  );
}
