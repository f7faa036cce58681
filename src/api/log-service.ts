import type {
  FollowJobLogsRequest,
  FollowJobLogsResponse,
  GetJobLogsRequest,
  GetJobLogsResponse,
  LogService,
} from '../../gen/workflowgraph/v1/log_service_pb.js';
import type { Engine, LogChunkView, LogQuery } from '../engine/engine.js';
import { chunkPosition, toWireLogChunk } from './convert/log-chunk.js';
import { toWireLogLines } from './convert/log-line.js';
import { endWhenUnread } from './end-when-unread.js';
import { inMessages } from './log-messages.js';
import type { ListPieces, ServiceHandlers } from './procedure.js';
import { streamLogs } from './stream-logs.js';

export type { FollowJobLogsRequest, FollowJobLogsResponse };

/** A page of a log in one message: gRPC clients accept 4 MiB by default. A larger chunk is a page by itself. */
const pageBytesMax = 3 * 1024 * 1024;
const pageChunksMax = 10_000;
const linesDefault = 1_000;
const linesMax = 5_000;
const matchesDefault = 1_000;
const matchesMax = 10_000;

/** `LogService` over the engine. */
export function logService(engine: Engine): ServiceHandlers<typeof LogService> {
  return {
    getJobLogs: (request) => readPage(engine, request),

    followJobLogs: async ({ id, jobId, attempt, after, tail }, { context }) => {
      const query = { id, jobKey: jobId, attempt: attempt ?? null, limit: null, after, tail: tail ?? null };
      // Checked before the stream begins, so that a missing job or an invalid position is an error and no broken
      // stream.
      if (!(await engine.canFollowLogs(query))) return null;
      return endWhenUnread(follow(engine, query, context.signal), ({ position }) => `position ${position}`);
    },

    listLogLines: async ({ id, jobId, attempt, fromLine, limit }) =>
      toWireLogLines(
        await engine.logLines({
          id,
          jobKey: jobId,
          attempt,
          fromLine: fromLine === 0 ? null : fromLine,
          limit: limit === 0 ? linesDefault : Math.min(limit, linesMax),
        }),
      ),

    searchLog: async ({ id, jobId, attempt, text, regex, matchCase, fromLine, limit }) => {
      const { lines, nextLine } = await engine.searchLog({
        id,
        jobKey: jobId,
        attempt,
        text,
        isRegex: regex,
        matchCase,
        fromLine: Math.max(1, fromLine),
        limit: limit === 0 ? matchesDefault : Math.min(limit, matchesMax),
      });
      return { $typeName: 'workflowgraph.v1.SearchLogResponse', lines: [...lines], nextLine: nextLine ?? 0 };
    },

    streamLogs: (requests, call) => streamLogs(engine, requests, call),
  };
}

/** A whole log in pieces, for the documented path: read no faster than the reader, and ended with it. */
export function logPieces(engine: Engine): ListPieces<typeof LogService> {
  return {
    getJobLogs: (request) =>
      endWhenUnread(storedPieces(engine, toQuery(request)), ({ nextAfter }) => `position ${nextAfter}`),
  };
}

async function* storedPieces(engine: Engine, query: LogQuery): AsyncIterable<GetJobLogsResponse> {
  for await (const { chunks, position } of engine.jobLogs(query)) yield toResponse(chunks, position);
}

async function readPage(engine: Engine, request: GetJobLogsRequest): Promise<GetJobLogsResponse> {
  const query = toQuery(request);
  const limit = query.limit ?? pageChunksMax;
  const page: LogChunkView[] = [];
  let bytes = 0;
  for await (const { chunks } of engine.jobLogs({ ...query, limit })) {
    for (const chunk of chunks) {
      bytes += Buffer.byteLength(chunk.data);
      if (bytes > pageBytesMax && page.length > 0) return toResponse(page, positionAfter(page));
      page.push(chunk);
    }
  }
  return toResponse(page, page.length >= limit ? positionAfter(page) : '');
}

function positionAfter(page: readonly LogChunkView[]): string {
  const last = page.at(-1);
  return last === undefined ? '' : chunkPosition(toWireLogChunk(last));
}

function toQuery({ id, jobId, attempt, limit, after, tail }: GetJobLogsRequest): LogQuery {
  return {
    id,
    jobKey: jobId,
    attempt: attempt ?? null,
    limit: limit === undefined ? null : Math.min(limit, pageChunksMax),
    after,
    tail: tail ?? null,
  };
}

function toResponse(chunks: readonly LogChunkView[], nextAfter: string): GetJobLogsResponse {
  return { $typeName: 'workflowgraph.v1.GetJobLogsResponse', chunks: chunks.map(toWireLogChunk), nextAfter };
}

async function* follow(engine: Engine, query: LogQuery, signal: AbortSignal): AsyncIterable<FollowJobLogsResponse> {
  for await (const { chunks } of engine.followJobLogs(query, signal)) {
    for (const part of inMessages(chunks.map(toWireLogChunk))) yield part;
  }
}
