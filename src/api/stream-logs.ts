import type { StreamLogsRequest, StreamLogsResponse } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { DomainError } from '../domain/errors.js';
import type { Engine } from '../engine/engine.js';
import { fromWireLogChunk } from './convert/log-chunk.js';
import { toInt64 } from './convert/numbers.js';
import { toWireErrorReason } from './convert/states.js';
import type { Call } from './procedure.js';

/**
 * Stores log chunks and acknowledges up to which sequence they are durable. One message at a time is being written: the
 * next waits in the connection, whose flow control then slows the sender down. A refused lease is reported, and the
 * stream continues for the others.
 */
export async function* streamLogs(
  engine: Engine,
  requests: AsyncIterable<StreamLogsRequest>,
  { caller, context }: Call,
): AsyncGenerator<StreamLogsResponse> {
  for await (const { leaseId, chunks } of requests) {
    const fresh = chunks.map((chunk, at) => fromWireLogChunk(`chunks[${at}]`, chunk));
    const highest = fresh.reduce((most, { sequence }) => Math.max(most, sequence), 0);
    try {
      await engine.pushLogs(caller, leaseId, fresh);
      yield answer(leaseId, highest);
    } catch (error) {
      if (!(error instanceof DomainError) || error.reason === null) throw error;
      yield { ...answer(leaseId, 0), refused: toWireErrorReason(error.reason) };
    }
    if (context.signal.aborted) return;
  }
}

function answer(leaseId: string, sequence: number): StreamLogsResponse {
  return {
    $typeName: 'workflowgraph.v1.StreamLogsResponse',
    leaseId,
    durableSequence: toInt64(sequence),
    refused: undefined,
  };
}
