import { expect, test } from 'vitest';
import { type LogChunk, LogStream } from '../../gen/workflowgraph/v1/types_pb.js';
import { inMessages } from '../../src/api/log-messages.js';

function chunk(sequence: number, data: string): LogChunk {
  return {
    $typeName: 'workflowgraph.v1.LogChunk',
    workflowId: 'run',
    jobId: 'a',
    sequence: BigInt(sequence),
    data,
    timestampMs: 0n,
    stream: LogStream.STDOUT,
    attempt: 0,
  };
}

test('a large log is split into messages that a client with the usual limit of 4 MiB accepts, in order', () => {
  const chunks = Array.from({ length: 500 }, (_, at) => chunk(at, 'ä'.repeat(32 * 1024)));
  const messages = [...inMessages(chunks)];
  expect(messages.flatMap((message) => message.chunks)).toEqual(chunks);
  for (const message of messages) {
    const bytes = message.chunks.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0);
    expect(bytes).toBeLessThanOrEqual(1024 * 1024);
  }
  expect(messages.map(({ position }) => position).slice(0, 2)).toEqual(['0.15.stdout', '0.31.stdout']);
});

test('small chunks share a message, a large one gets its own, and no chunks are no message', () => {
  const sizes = (chunks: readonly LogChunk[]) => [...inMessages(chunks)].map((message) => message.chunks.length);
  expect(sizes([chunk(0, 'a'), chunk(1, 'b')])).toEqual([2]);
  expect(sizes([chunk(0, 'a'), chunk(1, 'x'.repeat(2 * 1024 * 1024)), chunk(2, 'b')])).toEqual([1, 1, 1]);
  expect(sizes([])).toEqual([]);
});
