import type { Event, WatchRunsResponse } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import type { Engine, EventView, WatchQuery } from '../engine/engine.js';
import { toInt64 } from './convert/numbers.js';
import { toWireWorkflow } from './convert/workflow.js';

/** The changes of a run, or of every run, from any event number on. */
export async function* watchRuns(
  engine: Engine,
  query: WatchQuery,
  signal: AbortSignal,
): AsyncGenerator<WatchRunsResponse> {
  for await (const batch of engine.watchRuns(query, signal)) {
    const response: WatchRunsResponse = {
      $typeName: 'workflowgraph.v1.WatchRunsResponse',
      snapshot: [],
      events: batch.events.map(toWireEvent),
      lastEvent: toInt64(batch.lastEvent),
    };
    for (const view of batch.snapshot) response.snapshot.push(await toWireWorkflow(view));
    yield response;
  }
}

function toWireEvent(event: EventView): Event {
  return {
    $typeName: 'workflowgraph.v1.Event',
    number: toInt64(event.number),
    atMs: toInt64(event.atMs),
    type: event.type,
    runId: event.runId,
    jobId: event.jobKey,
    attempt: event.attempt ?? undefined,
    dataJson: event.data,
  };
}
