import { type Event, WatchLevel, type WatchRunsResponse } from '../../gen/workflowgraph/v1/runs_pb.js';
import { DomainError } from '../domain/errors.js';
import type { Engine, EventView, WatchQuery, WatchSeveralQuery } from '../engine/engine.js';
import { toInt64 } from './convert/numbers.js';
import { toWireRun, toWireWorkflow } from './convert/workflow.js';

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
      snapshotContinues: batch.snapshotContinues,
      runs: [],
    };
    for (const view of batch.snapshot) response.snapshot.push(await toWireWorkflow(view));
    yield response;
  }
}

/** The changes of several runs, or the present states of the runs that changed. */
export async function* watchSeveralRuns(
  engine: Engine,
  query: WatchSeveralQuery,
  signal: AbortSignal,
): AsyncGenerator<WatchRunsResponse> {
  for await (const batch of engine.watchSeveralRuns(query, signal)) {
    const response: WatchRunsResponse = {
      ...emptyMessage(batch.lastEvent),
      events: batch.events.map(toWireEvent),
      snapshotContinues: batch.snapshotContinues,
      runs: batch.runs.map(toWireRun),
    };
    for (const view of batch.snapshot) response.snapshot.push(await toWireWorkflow(view));
    yield response;
  }
}

/** The message that says only that the connection is alive, and where to resume. */
export function heartbeatAfter(afterEvent: number | null) {
  return (last: WatchRunsResponse | null): WatchRunsResponse => ({
    ...emptyMessage(afterEvent ?? 0),
    ...(last === null ? {} : { lastEvent: last.lastEvent, snapshotContinues: last.snapshotContinues }),
  });
}

function emptyMessage(lastEvent: number): WatchRunsResponse {
  return {
    $typeName: 'workflowgraph.v1.WatchRunsResponse',
    snapshot: [],
    events: [],
    lastEvent: toInt64(lastEvent),
    snapshotContinues: false,
    runs: [],
  };
}

/** @throws DomainError `malformed` for a number that this version does not know. */
export function fromWireWatchLevel(level: WatchLevel): WatchSeveralQuery['level'] {
  if (level === WatchLevel.UNSPECIFIED) return 'events';
  if (level === WatchLevel.RUNS) return 'runs';
  throw new DomainError('malformed', `level: ${level} is not a level of WatchRuns`);
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
