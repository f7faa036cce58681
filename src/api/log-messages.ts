import type { FollowJobLogsResponse } from '../../gen/workflowgraph/v1/log_service_pb.js';
import type { LogChunk } from '../../gen/workflowgraph/v1/types_pb.js';
import { chunkPosition } from './convert/log-chunk.js';

/** gRPC clients accept 4 MiB a message by default. A larger chunk is a message by itself. */
const messageBytesMax = 1024 * 1024;

/** Chunks as messages of a size that every client accepts, each with the position to resume after. */
export function* inMessages(chunks: readonly LogChunk[]): Generator<FollowJobLogsResponse> {
  let part: LogChunk[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    const size = Buffer.byteLength(chunk.data);
    if (part.length > 0 && bytes + size > messageBytesMax) {
      yield message(part);
      part = [];
      bytes = 0;
    }
    part.push(chunk);
    bytes += size;
  }
  if (part.length > 0) yield message(part);
}

function message(chunks: LogChunk[]): FollowJobLogsResponse {
  const last = chunks.at(-1);
  const position = last === undefined ? '' : chunkPosition(last);
  return { $typeName: 'workflowgraph.v1.FollowJobLogsResponse', chunks, position };
}
