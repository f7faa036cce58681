import { endStates } from '../model/states.js';
import type { Simulation } from '../simulation.js';

/** How long what has waited or run for too long may be left alone on a healthy server. */
const patienceMs = 5_000;

/**
 * A job that waits past its queue timeout fails soon, and a run that takes longer than its timeout is cancelled soon. Asked of a
 * server that is alone: of several, one may hear of it by its own look, a minute later.
 */
export function checkOverdueWaits(simulation: Simulation): void {
  const { world, model, servers, isShared, hasKeys, clock } = simulation;
  const [server] = servers;
  if (!hasKeys || isShared || server?.live == null || server.live.isStopping) return;
  if (world.nowMs - simulation.troubleAtMs() < patienceMs) return;
  const beforeMs = clock.databaseNow() - patienceMs;
  for (const run of model.runs.values()) {
    if (endStates.has(run.state)) continue;
    if (run.deadlineMs !== null && run.deadlineMs < beforeMs)
      world.violated('a run that takes too long is cancelled soon', `${run.no}: ${beforeMs - run.deadlineMs} ms ago`);
    for (const job of [...run.jobs, ...run.children.values()]) {
      if (job.state !== 'queued' && job.state !== 'held') continue;
      if (job.queueDueAtMs === null || job.queueDueAtMs >= beforeMs) continue;
      world.violated(
        'a job that waits too long fails soon',
        `${run.no}/${job.def.key}, ${job.state}: ${beforeMs - job.queueDueAtMs} ms ago`,
      );
    }
  }
}
