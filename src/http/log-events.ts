import { Readable } from 'node:stream';
import { chunkPosition, LogChunkSchema } from '../api/convert/log-chunk.js';
import type { FollowJobLogsRequest, FollowJobLogsResponse } from '../api/log-service.js';
import type { Procedure } from '../api/procedure.js';
import type { MethodBinding } from './json-binding/bind-method.js';
import { type Answer, readRequest } from './json-binding/json-routes.js';
import { messageWriter } from './json-binding/write-message.js';

/**
 * A job's log as server-sent events: one `log` event for each chunk, whose id is the chunk's position, and an `end`
 * event when the job has ended. `Last-Event-ID`, which browsers send when they reconnect, resumes after that chunk;
 * when nothing is left and nothing will come, the answer is 204.
 *
 * The log is read no faster than the reader takes it, and when the reader leaves, the call's signal ends the rest.
 */
export function answerLogEvents(commentMs: number) {
  return (procedure: Procedure, binding: MethodBinding): Answer =>
    async (request, reply, call) => {
      const asked = readRequest(binding, request) as FollowJobLogsRequest;
      const resumeAfter = request.headers['last-event-id'];
      if (typeof resumeAfter === 'string' && resumeAfter !== '') asked.after = resumeAfter;
      const { signal } = call.context;
      const batches = (await procedure.stream(asked, call)) as AsyncIterable<FollowJobLogsResponse> | null;
      // 204 stops an EventSource from reconnecting.
      if (batches === null) return reply.code(204).send();
      reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        // Proxies such as nginx would buffer events until they have a buffer full.
        .header('x-accel-buffering', 'no');
      return reply.send(Readable.from(events(batches, signal, commentMs), { objectMode: false }));
    };
}

const writeChunk = messageWriter(LogChunkSchema).write;

async function* events(
  batches: AsyncIterable<FollowJobLogsResponse>,
  signal: AbortSignal,
  commentMs: number,
): AsyncIterable<string> {
  const reader = batches[Symbol.asyncIterator]();
  // Sent at once, so that the reader knows that it is connected before there is a log.
  yield 'retry: 2000\n\n';
  let next = reader.next();
  for (;;) {
    const batch = await within(commentMs, next);
    if (batch === 'late') {
      yield ': still here\n\n';
      continue;
    }
    if (batch.done === true) break;
    yield batch.value.chunks
      .map((chunk) => `event: log\nid: ${chunkPosition(chunk)}\ndata: ${writeChunk(chunk)}\n\n`)
      .join('');
    next = reader.next();
  }
  // A stopping server ends the stream too; the reader then reconnects.
  if (!signal.aborted) yield 'event: end\ndata: {}\n\n';
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | 'late'> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(resolve, ms, 'late');
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
