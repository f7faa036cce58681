import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { lookOfState } from '../run/phases.js';

const atMost = 8;

/**
 * The runs that need attention: those with jobs that no live worker takes, and the newest run of each workflow if it
 * failed. A failure followed by a success is over.
 *
 * @param runs newest first
 * @param sinceMs failures that ended before are left out
 */
export function needingPeople(runs: readonly Run[], sinceMs: number): Run[] {
  const decided = new Set<string>();
  const found: Run[] = [];
  for (const run of runs) {
    const look = lookOfState(run.state);
    if ((run.details?.noMatchingWorker ?? 0) > 0 && (look === 'running' || look === 'waiting')) found.push(run);
    if (look !== 'success' && look !== 'failure') continue;
    if (decided.has(run.workflow)) continue;
    decided.add(run.workflow);
    if (look === 'failure' && Number(run.endedAtMs ?? run.createdAtMs) >= sinceMs) found.push(run);
  }
  return found.slice(0, atMost);
}
