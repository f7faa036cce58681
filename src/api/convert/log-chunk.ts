import { type LogChunk, LogChunkSchema, LogStream } from '../../../gen/workflowgraph/v1/types_pb.js';
import { logStreamName, logStreamOf } from '../../domain/log-streams.js';
import type { LogChunkView, NewLogChunk } from '../../engine/engine.js';
import { fromInt64, toInt64 } from './numbers.js';
import { fromWireLogStream, toWireLogStream } from './states.js';

export { LogChunkSchema };

/** `field` names the chunk in error messages, such as `chunks[3]`. */
export function fromWireLogChunk(field: string, chunk: LogChunk): NewLogChunk {
  return {
    runId: chunk.workflowId,
    jobKey: chunk.jobId,
    sequence: fromInt64(`${field}.sequence`, chunk.sequence),
    data: chunk.data,
    timestampMs: fromInt64(`${field}.timestamp_ms`, chunk.timestampMs),
    stream: fromWireLogStream(`${field}.stream`, chunk.stream),
  };
}

export function toWireLogChunk(chunk: LogChunkView): LogChunk {
  return {
    $typeName: 'workflowgraph.v1.LogChunk',
    workflowId: chunk.runId,
    jobId: chunk.jobKey,
    sequence: toInt64(chunk.sequence),
    data: chunk.data,
    // Readers parse an unsigned number. A worker whose clock is before 1970 has no useful time.
    timestampMs: toInt64(Math.max(0, chunk.timestampMs)),
    stream: toWireLogStream(chunk.stream),
    attempt: chunk.attempt,
    missingBytes: chunk.missingBytes === null ? undefined : toInt64(chunk.missingBytes),
    systemLine: chunk.systemLine ?? undefined,
  };
}

/**
 * Identifies a chunk among those of its job: `attempt.sequence.stream`. It is the id of the chunk's server-sent event.
 */
export function chunkPosition(chunk: LogChunk): string {
  const stream = logStreamOf(chunk.stream === LogStream.STDERR ? 'stderr' : 'stdout', chunk.systemLine ?? null);
  return `${chunk.attempt}.${chunk.sequence}.${logStreamName(stream)}`;
}
