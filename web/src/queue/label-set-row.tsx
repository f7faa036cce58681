import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useId } from 'react';
import type { QueuedLabelSet } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { workers } from '../api/transport.js';
import { Elapsed } from '../parts/duration.js';
import { plural, shortId, visible } from '../parts/format.js';
import { Labels } from '../parts/labels.js';
import { StateMark } from '../parts/state-mark.js';
import { Failed, Skeleton } from '../parts/states.js';
import { workflowName } from '../parts/workflow-name.js';
import { StartCommand } from '../workers/start-command.js';
import styles from './label-set-row.module.css';

/** The jobs of one label set: how many wait, for how long, for which workers, and why; the unfolded row lists them. */
export function LabelSetRow({
  set,
  isOpen,
  onOpen,
}: {
  set: QueuedLabelSet;
  isOpen: boolean;
  onOpen: (open: boolean) => void;
}) {
  const id = useId();
  return (
    <li className={styles.set}>
      <div className={styles.row}>
        <StateMark
          look={set.noMatchingWorker ? 'failure' : 'waiting'}
          word={set.noMatchingWorker ? 'without a worker' : 'waits'}
        />
        <div className={styles.what}>
          <Labels labels={set.labels} none="no labels" />
          <p className={set.noMatchingWorker ? styles.stuck : styles.why}>{visible(set.message, 900)}</p>
        </div>
        <dl className={styles.numbers}>
          <div>
            <dt>jobs</dt>
            <dd className="num">{Number(set.waiting).toLocaleString('en')}</dd>
          </div>
          <div>
            <dt>oldest</dt>
            <dd>
              <Elapsed fromMs={Number(set.oldestAtMs)} toMs={null} />
            </dd>
          </div>
          <div>
            <dt>{set.matchingWorkers === 1 ? 'worker' : 'workers'}</dt>
            <dd className="num">{set.matchingWorkers}</dd>
          </div>
          <div>
            <dt>free slots</dt>
            <dd className="num">{set.freeSlots}</dd>
          </div>
        </dl>
        <button
          type="button"
          className={`button ${styles.open}`}
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => onOpen(!isOpen)}
        >
          {isOpen ? 'Hide jobs' : 'Show jobs'}
        </button>
      </div>
      <div id={id} className={styles.jobs} hidden={!isOpen}>
        {isOpen ? (
          <>
            {set.noMatchingWorker ? (
              <>
                <p className={styles.why}>A machine that reaches this server becomes a worker that takes them by:</p>
                <StartCommand labels={set.labels} />
              </>
            ) : null}
            <QueuedJobs labelSet={set.labelSet} />
          </>
        ) : null}
      </div>
    </li>
  );
}

const shownJobs = 100;

/** In the order of their claims. */
function QueuedJobs({ labelSet }: { labelSet: number }) {
  const query = useQuery({
    queryKey: ['queue', labelSet],
    queryFn: ({ signal }) => workers.listQueuedJobs({ labelSet, limit: shownJobs }, { signal }),
    refetchInterval: 15_000,
    gcTime: 0,
  });
  if (query.isPending) return <Skeleton rows={4} label="Loading jobs" />;
  if (query.data === undefined) return <Failed error={query.error} retry={() => query.refetch()} />;
  const { jobs, more } = query.data;
  if (jobs.length === 0) return <p className={styles.none}>They have been claimed.</p>;
  return (
    <>
      <ol className={styles.list} aria-label="Jobs in the order of their claims">
        {jobs.map((job, n) => (
          <li key={`${job.runId}-${job.jobId}`}>
            <span className={`num ${styles.place}`}>{n + 1}</span>
            <Link to="/runs/$run/jobs/$job" params={{ run: job.runId, job: job.jobId }} search={{}}>
              {visible(job.jobId, 120)}
            </Link>
            <span className={styles.of}>
              {visible(workflowName(job.workflow, job.workflowName), 80)} {shortId(job.runId)}
            </span>
            <span className={styles.of}>{job.priority === 0 ? '' : `priority ${job.priority}`}</span>
            <span className={styles.age}>
              <Elapsed fromMs={Number(job.enqueuedAtMs)} toMs={null} />
            </span>
          </li>
        ))}
      </ol>
      {more ? <p className={styles.none}>These are the first {plural(jobs.length, 'job')}.</p> : null}
    </>
  );
}
