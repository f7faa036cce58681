import { type ListLogLinesResponse, LogSource } from '../../../gen/workflowgraph/v1/log_service_pb.js';
import type { LogLinesPage } from '../../engine/engine.js';
import { toInt64 } from './numbers.js';

const sources = { stdout: LogSource.STDOUT, stderr: LogSource.STDERR, system: LogSource.SYSTEM } as const;

export function toWireLogLines({ lines, lineCount, bytes, position, openLines }: LogLinesPage): ListLogLinesResponse {
  return {
    $typeName: 'workflowgraph.v1.ListLogLinesResponse',
    lines: lines.map(({ number, source, atMs, text }) => ({
      $typeName: 'workflowgraph.v1.LogLine',
      number,
      source: sources[source],
      timestampMs: toInt64(Math.max(0, atMs)),
      text,
    })),
    lineCount,
    bytes: toInt64(bytes),
    position,
    openLines: openLines.map(({ source, number }) => ({
      $typeName: 'workflowgraph.v1.OpenLogLine',
      source: sources[source],
      number,
    })),
  };
}
