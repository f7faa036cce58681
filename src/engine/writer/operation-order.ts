/**
 * The operations, in the order in which one batch applies them, each with the reason for its place. Each sees the
 * changes of those before it in the same batch.
 */
const order = [
  ['register-worker', 'Claims and reads of this batch know the worker.'],
  ['heartbeat-worker', 'After registrations: a heartbeat of a worker that registers in the same batch finds it.'],
  ['drain-worker', 'After registrations: a worker that registers in the same batch can be drained.'],
  ['undrain-worker', 'Like drains.'],
  ['start-run', 'Before everything that acts on jobs, so that claims get its roots and a cancel finds it.'],
  ['take-slots', 'Starts the runs of schedules, like requested ones.'],
  ['advance-backfills', 'Starts the runs of backfills, after those of schedules whose slots they must not take.'],
  ['fill-run', 'A range of a large run, after runs are made.'],
  ['activate-run', 'After the ranges: roots become claimable when their rows are there.'],
  ['push-logs', 'Before the end of its attempt, which takes outputs from the log.'],
  ['received', 'Before reports: the arrival of a job counts before its end.'],
  ['renew', 'Before deadlines: a heartbeat that arrived in time renews the lease.'],
  ['end', 'Reports of workers, before deadlines and cancels: what was reported in time counts.'],
  ['release', 'After reports: a released job was not reported.'],
  ['overdue', 'After renewals and reports, so that it ends only what they did not save.'],
  ['time-out-queued', 'After deadlines: a retry whose delay ends in this batch begins to wait.'],
  ['time-out-runs', 'After reports: a run whose last job was reported in time is not cancelled for what it took.'],
  ['fail-oversized', 'Ends jobs that no worker can take; before claims, which then find what is behind them.'],
  ['cancel', 'After reports and deadlines: what ended in this batch is not cancelled.'],
  ['rerun', 'After everything that ends jobs and runs, so that it sees how they ended.'],
  ['rerun-range', 'A further range of a large re-run, after its beginning.'],
  ['continue-cascade', 'After everything that ends jobs.'],
  ['continue-matrices', 'After what opens nodes and ends children; before claims, which then find new children.'],
  ['release-paused', 'Decides jobs after a pause, like those whose needs have ended; before claims.'],
  ['release-paused-runs', 'Lets runs go after a pause; the end of the batch admits them.'],
  ['hold-paused', 'After everything that makes jobs claimable; before claims, which then do not find them.'],
  ['look-at-gates', 'Only records the gates that the end of the batch checks.'],
  ['serve-heard', 'Just before claims: label sets that other servers made claimable.'],
  ['serve-admitted', 'Just before claims: label sets in which gates of an earlier batch admitted jobs.'],
  ['claim', 'Last of the operations on jobs, so that it sees all that this batch made claimable.'],
  ['prune', 'Deletes what no input of this batch needed.'],
  ['prune-audit', 'Deletes old audit entries, independent of all others.'],
  ['try-to-write', 'Only finds out whether the database takes changes.'],
] as const;

/** The name of an operation. */
export type OperationName = (typeof order)[number][0];

const places = new Map<OperationName, number>(order.map(([name], place) => [name, place]));

/** Position of an operation within a batch; lower comes first. */
export function placeOf(name: OperationName): number {
  return places.get(name) ?? order.length;
}
