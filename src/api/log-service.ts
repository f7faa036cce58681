import type {
  FollowJobLogsRequest,
  FollowJobLogsResponse,
  LogService,
} from '../../gen/workflowgraph/v1/log_service_pb.js';
import type { Engine, LogQuery } from '../engine/engine.js';
import { toWireLogChunk } from './convert/log-chunk.js';
import { inMessages } from './log-messages.js';
import type { ServiceHandlers } from './procedure.js';
import { streamLogs } from './stream-logs.js';
import { whileRead } from './while-read.js';

export type { FollowJobLogsRequest, FollowJobLogsResponse };

/** `LogService` over the engine. */
export function logService(engine: Engine): ServiceHandlers<typeof LogService> {
  return {
    getJobLogs: async ({ id, jobId, attempt, limit, after }) => {
      const chunks = await engine.jobLogs({
        id,
        jobKey: jobId,
        attempt: attempt ?? null,
        limit: limit ?? null,
        after,
      });
      return { $typeName: 'workflowgraph.v1.GetJobLogsResponse', chunks: chunks.map(toWireLogChunk) };
    },

    followJobLogs: async ({ id, jobId, attempt, after }, { context }) => {
      // Asked before the stream begins, so that a job that does not exist is a refusal and not an empty stream.
      await engine.isJobCancelled(id, jobId);
      const query = { id, jobKey: jobId, attempt: attempt ?? null, limit: null, after };
      return whileRead(follow(engine, query, context.signal), ({ position }) => `position ${position}`);
    },

    streamLogs: (requests, call) => streamLogs(engine, requests, call),
  };
}

async function* follow(engine: Engine, query: LogQuery, signal: AbortSignal): AsyncIterable<FollowJobLogsResponse> {
  for await (const { chunks } of engine.followJobLogs(query, signal)) {
    for (const part of inMessages(chunks.map(toWireLogChunk))) yield part;
  }
}
