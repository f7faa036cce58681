import { Link } from '@tanstack/react-router';
import type { Worker } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { WorkerStatus } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { plural, visible } from '../parts/format.js';
import { Failed, Skeleton } from '../parts/states.js';
import { Slots } from '../workers/slots.js';
import { StartCommand } from '../workers/start-command.js';
import styles from './capacity.module.css';
import { capacityByLabel } from './capacity-by-label.js';

/** How many slots the live workers that are not draining have for each label, and how many are taken. */
export function Capacity({ workers, error }: { workers: readonly Worker[] | undefined; error: unknown }) {
  if (error !== null && workers === undefined) return <Failed error={error} />;
  if (workers === undefined) return <Skeleton rows={4} label="Loading workers" />;
  const live = workers.filter(({ status }) => status !== WorkerStatus.OFFLINE);
  const rows = capacityByLabel(live.filter(({ drain }) => drain === undefined));
  return (
    <section>
      <div className={styles.head}>
        <h2>Capacity</h2>
        <Link to="/workers">{plural(live.length, 'live worker')}</Link>
      </div>
      {live.length === 0 ? (
        <div className={`card ${styles.none}`}>
          <p>No worker is connected, so no job can run. Start one on any machine with Node 20 or later:</p>
          <StartCommand />
        </div>
      ) : (
        <ul className={`card ${styles.rows}`}>
          {rows.map(({ label, running, slots }) => (
            <li key={label}>
              <span className={styles.label}>{label === '' ? 'all workers' : visible(label, 40)}</span>
              <Slots running={running} slots={slots} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
