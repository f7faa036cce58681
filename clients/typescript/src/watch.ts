import { setTimeout as sleepMs } from 'node:timers/promises';
import { isTemporary, ServerUnreachableError } from './errors.js';
import { WatchLevel, type WatchRunsResponse } from './gen/workflowgraph/v1/runs.js';
import { GrpcChannel } from './grpc/channel.js';
import { fromServiceError } from './grpc/errors.js';
import { toWorkflow } from './grpc/from-wire.js';
import type { RunEvent, Workflow } from './wire.js';
import { Backoff } from './worker/backoff.js';

export interface WatchOptions {
  /** Only what comes after this event: the `lastEvent` of a change. Everything from a snapshot on when absent. */
  readonly afterEvent?: number;
  /** Ends the watching. */
  readonly signal?: AbortSignal;
}

/** One change of a watch. */
export interface RunChanges {
  /** The state of the runs before the first event; only in the first change, and only without `afterEvent`. */
  readonly snapshot: readonly Workflow[];
  /** Each change once, in order. */
  readonly events: readonly RunEvent[];
  /** Where to resume. */
  readonly lastEvent: number;
}

export interface WatchedServer {
  readonly serverUrl: string;
  readonly authorization: string | null;
  readonly ca: string | null;
  readonly userAgent: string;
}

/**
 * Follows the changes of a run, or of all runs if `id` is empty. After a broken connection it resumes
 * after the last event. Ends with the run; that of all runs does not end.
 */
export async function* watchRuns(server: WatchedServer, id: string, options: WatchOptions): AsyncGenerator<RunChanges> {
  const { signal } = options;
  const backoff = new Backoff();
  let after = options.afterEvent;
  /** The parts of a snapshot that is not whole yet: when the connection breaks, it comes anew. */
  let parts: Workflow[] = [];
  for (;;) {
    parts = [];
    signal?.throwIfAborted();
    try {
      for await (const answer of watchOnce(server, id, after, signal)) {
        backoff.reset();
        const changes = toChanges(answer);
        if (answer.snapshot_continues) {
          parts.push(...changes.snapshot);
          continue;
        }
        after = answer.last_event;
        yield parts.length === 0 ? changes : { ...changes, snapshot: [...parts, ...changes.snapshot] };
        parts = [];
      }
      if (id !== '') return;
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      // The first connection fails if the server is unavailable; later ones wait for it.
      if (after === options.afterEvent || !isTemporary(error)) throw error;
    }
    await sleepMs(backoff.nextMs(), undefined, signal === undefined ? {} : { signal });
  }
}

async function* watchOnce(
  server: WatchedServer,
  id: string,
  after: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchRunsResponse> {
  const channel = new GrpcChannel(server);
  const call = channel.workflows.watchRuns(
    { id, after_event: after, ids: [], level: WatchLevel.WATCH_LEVEL_UNSPECIFIED, heartbeats: false },
    channel.metadata,
  );
  const cancel = () => call.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    yield* call as AsyncIterable<WatchRunsResponse>;
  } catch (error) {
    throw isServiceError(error)
      ? fromServiceError(error, server.serverUrl)
      : new ServerUnreachableError(server.serverUrl, 'stream ended', error);
  } finally {
    signal?.removeEventListener('abort', cancel);
    call.cancel();
    channel.close();
  }
}

function isServiceError(error: unknown): error is Parameters<typeof fromServiceError>[0] {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

function toChanges({ snapshot, events, last_event }: WatchRunsResponse): RunChanges {
  return {
    snapshot: snapshot.map(toWorkflow),
    events: events.map(({ attempt, data_json, ...event }) => ({
      ...event,
      attempt: attempt ?? null,
      data: data_json === '' ? {} : (JSON.parse(data_json) as RunEvent['data']),
    })),
    lastEvent: last_event,
  };
}
