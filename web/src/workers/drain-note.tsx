import type { WorkerDrain } from '../../gen/workflowgraph/v1/worker_service_pb.js';
import { Ago } from '../parts/duration.js';
import { visible } from '../parts/format.js';

/** Since when a worker is draining, by whom and why. */
export function DrainNote({ drain: { sinceMs, by, reason, stop } }: { drain: WorkerDrain }) {
  return (
    <>
      draining since <Ago ms={Number(sinceMs)} />
      {by === undefined ? '' : `, by ${visible(by, 60)}`}
      {reason === '' ? '' : `: ${visible(reason, 500)}`}
      {stop ? ' (it exits when it runs no job)' : ''}
    </>
  );
}
