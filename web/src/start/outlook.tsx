import { useQuery } from '@tanstack/react-query';
import { WorkerStatus } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { runs, workers } from '../api/transport.js';
import { plural, visible } from '../parts/format.js';
import { StateMark } from '../parts/state-mark.js';
import { missingWorkers } from './missing-workers.js';
import styles from './start-form.module.css';

/** The jobs of a version that would wait, because no live worker takes them. */
export function Outlook({ workflow, version }: { workflow: string; version: number }) {
  const { data: graph } = useQuery({
    queryKey: ['graph', workflow, version],
    queryFn: ({ signal }) => runs.getRunGraph({ workflow, version }, { signal }),
    enabled: version > 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { data: known } = useQuery({
    queryKey: ['workers'],
    queryFn: ({ signal }) => workers.listWorkers({ limit: 1_000 }, { signal }),
  });
  if (graph === undefined || known === undefined) return null;
  const live = known.workers.filter(({ status }) => status !== WorkerStatus.OFFLINE);
  const missing = missingWorkers(
    graph.labelSets.map(({ labels }) => labels),
    graph.labelSetIndexes,
    live.filter(({ drain }) => drain === undefined),
  );
  if (missing.length === 0) return null;
  return (
    <ul className={styles.outlook} aria-label="What would wait">
      {missing.slice(0, 4).map(({ labels, jobs }) => (
        <li key={labels.join()}>
          <StateMark look="waiting" />
          <span>
            {live.length === 0
              ? `No worker is live: ${plural(jobs, 'job')}`
              : live.every(({ drain }) => drain !== undefined)
                ? `Every live worker is draining: ${plural(jobs, 'job')}`
                : labels.length === 0
                  ? `Every live worker takes only jobs with labels: ${plural(jobs, 'job')}`
                  : `No live worker has ${visible(labels.join(', '), 200)}: ${plural(jobs, 'job')}`}
            {' will wait.'}
          </span>
        </li>
      ))}
    </ul>
  );
}
