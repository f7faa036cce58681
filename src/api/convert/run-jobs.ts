import type { ListRunJobsResponse } from '../../../gen/workflowgraph/v1/run_service_pb.js';
import type { RunJobsPage } from '../../engine/engine.js';
import { toWireChildren } from './children.js';
import { toWireJobPhase } from './job-phase.js';
import { toInt64 } from './numbers.js';

/** The jobs as columns: a page of thousands is then a tenth as long as a list of messages. */
export function toWireRunJobs(page: RunJobsPage): ListRunJobsResponse {
  const { jobs } = page;
  // A millisecond before the run was created, so that no time is 0.
  const baseMs = page.createdAtMs - 1;
  const workers = new Map<string, number>();
  const workerIndex = (workerId: string | null): number => {
    if (workerId === null) return 0;
    const index = workers.get(workerId) ?? workers.size + 1;
    workers.set(workerId, index);
    return index;
  };
  const after = (atMs: number | null): bigint => (atMs === null ? 0n : BigInt(Math.max(1, atMs - baseMs)));
  return {
    $typeName: 'workflowgraph.v1.ListRunJobsResponse',
    runId: page.runId,
    workflow: page.workflowId,
    version: page.version,
    lastEvent: toInt64(page.lastEvent),
    nextOrdinal: page.nextOrdinal ?? 0,
    baseMs: toInt64(baseMs),
    ordinals: jobs.map(({ ordinal }) => ordinal),
    phases: jobs.map(({ state }) => toWireJobPhase(state)),
    attempts: jobs.map(({ attempt }) => attempt),
    enqueuedMs: jobs.map(({ enqueuedAtMs }) => after(enqueuedAtMs)),
    startedMs: jobs.map(({ startedAtMs }) => after(startedAtMs)),
    endedMs: jobs.map(({ endedAtMs }) => after(endedAtMs)),
    workerIndexes: jobs.map(({ workerId }) => workerIndex(workerId)),
    workers: [...workers.keys()],
    hasError: jobs.map(({ hasError }) => hasError),
    tolerated: jobs.map(({ isTolerated }) => isTolerated),
    nodes: [...page.nodes].map(([ordinal, children]) => ({
      $typeName: 'workflowgraph.v1.ListRunJobsResponse.NodeChildren',
      ordinal,
      children: toWireChildren(children),
    })),
    names: jobs.flatMap(({ child }) => (child === null ? [] : [child.name])),
    matricesJson: jobs.flatMap(({ child }) => (child === null ? [] : [child.matrix])),
  };
}
