import { Code, ConnectError } from '@connectrpc/connect';
import { type LogChunk, LogStream } from '../../gen/workflowgraph/v1/types_pb.js';
import { logs } from '../api/transport.js';
import { reconnectDelayMs } from '../live/backoff.js';
import type { LineIndex, LogSource } from './line-index.js';

export interface LogQuery {
  readonly runId: string;
  readonly jobId: string;
  readonly attempt: number;
}

/**
 * Reads new chunks of an attempt's log after a position into an index, until the job ends or the signal stops it. After
 * a broken connection it resumes at the last position, so no line is lost or duplicated.
 *
 * @param onGrowth called at most once for each message
 */
export async function followLog(
  { runId, jobId, attempt }: LogQuery,
  lines: LineIndex,
  from: string,
  onGrowth: () => void,
  signal: AbortSignal,
): Promise<void> {
  let after = from;
  for (let failures = 0; ; failures++) {
    try {
      for await (const { chunks, position } of logs.followJobLogs({ id: runId, jobId, attempt, after }, { signal })) {
        failures = 0;
        for (const chunk of chunks) appendChunk(lines, chunk);
        if (position !== '') after = position;
        if (chunks.length > 0) onGrowth();
      }
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (!isTemporary(ConnectError.from(error).code)) throw error;
      await delay(reconnectDelayMs(failures, Math.random()), signal);
    }
  }
}

function appendChunk(lines: LineIndex, chunk: LogChunk): void {
  const atMs = Number(chunk.timestampMs);
  if (chunk.missingBytes !== undefined) {
    lines.append(`… ${chunk.missingBytes} bytes are missing here: the log was too long …\n`, 'system', atMs);
    return;
  }
  const data = chunk.systemLine === undefined || chunk.data.endsWith('\n') ? chunk.data : `${chunk.data}\n`;
  lines.append(data, sourceOf(chunk), atMs);
}

function sourceOf({ systemLine, stream }: LogChunk): LogSource {
  if (systemLine !== undefined) return 'system';
  return stream === LogStream.STDERR ? 'stderr' : 'stdout';
}

function isTemporary(code: Code): boolean {
  return [Code.Unavailable, Code.Unknown, Code.Aborted, Code.Internal, Code.Canceled].includes(code);
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
