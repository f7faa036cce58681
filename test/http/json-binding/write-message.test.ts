import { create, type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JobReportSchema } from '../../../gen/workflowgraph/v1/job_reports_pb.js';
import { ClaimJobRequestSchema, PushLogsRequestSchema } from '../../../gen/workflowgraph/v1/job_service_pb.js';
import { ListRunsResponseSchema } from '../../../gen/workflowgraph/v1/runs_pb.js';
import {
  BackoffSchema,
  ClaimSchema,
  JobSchema,
  LogChunkSchema,
  OutputsSchema,
} from '../../../gen/workflowgraph/v1/types_pb.js';
import { JobReason_SucceededSchema } from '../../../gen/workflowgraph/v1/why_pb.js';
import { RunWorkflowRequestSchema } from '../../../gen/workflowgraph/v1/workflow_service_pb.js';
import { messageReader } from '../../../src/http/json-binding/read-message.js';
import { messageWriter } from '../../../src/http/json-binding/write-message.js';

const write = (schema: DescMessage, message: Message) => messageWriter(schema).write(message);
const read = (schema: DescMessage, text: string) => messageReader(schema)(JSON.parse(text)) as Message;

describe('a message is written as in the contract', () => {
  test('defaults are written, and unset fields are null', () => {
    expect(JSON.parse(write(JobSchema, create(JobSchema)))).toEqual({
      truncated: false,
      children: null,
      tolerated: false,
      continue_on_error: false,
      held: false,
      exit_code: null,
      log_missing_bytes: null,
      id: '',
      name: '',
      status: null,
      command: '',
      duration_secs: null,
      started_at: null,
      depends_on: [],
      output: null,
      required_labels: [],
      max_retries: 0,
      attempt: 0,
      metadata: {},
      if: null,
      timeout_secs: null,
      priority: 0,
      queue_timeout_secs: null,
      outputs: {},
      ended_at: null,
      worker_id: null,
      delayed_until_ms: null,
      duration_ms: null,
    });
    expect(write(ClaimSchema, create(ClaimSchema))).toBe('{"job":null,"lease":null}');
  });

  test('64-bit integers are numbers, enums short names, doubles as they are', () => {
    const chunk = create(LogChunkSchema, { sequence: 9007199254740991n, timestampMs: -1n, stream: 2 });
    expect(write(LogChunkSchema, chunk)).toBe(
      '{"workflow_id":"","job_id":"","sequence":9007199254740991,"data":"","timestamp_ms":-1,"stream":"stderr","attempt":0,"missing_bytes":null,"system_line":null}',
    );
    expect(write(JobReason_SucceededSchema, create(JobReason_SucceededSchema, { durationSecs: 0.25 }))).toContain(
      '"duration_secs":0.25',
    );
  });

  test.each([
    ['"None"', { case: 'none', value: {} }],
    ['{"Fixed":{"delay_secs":5}}', { case: 'fixed', value: { delaySecs: 5n } }],
    ['null', { case: undefined }],
  ] as const)('a backoff as %s', (text, kind) => {
    expect(write(BackoffSchema, create(BackoffSchema, { kind }))).toBe(text);
  });

  test('an inline message is its field', () => {
    expect(write(OutputsSchema, create(OutputsSchema, { values: { a: '1', b: '2' } }))).toBe('{"a":"1","b":"2"}');
  });

  test('any JSON under `metadata` is written unchanged', () => {
    const metadata = JSON.parse('{"__proto__":{"a":1},"n":null,"l":[1,"x",{}],"big":1e21}');
    expect(write(JobSchema, create(JobSchema, { metadata }))).toContain(`"metadata":${JSON.stringify(metadata)}`);
  });

  test('every text is valid JSON, and is read back to the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ unit: 'binary' }), (data, key) => {
        const message = create(RunWorkflowRequestSchema, { id: data });
        Object.defineProperty(message.inputs, key, {
          value: data,
          enumerable: true,
          configurable: true,
          writable: true,
        });
        const text = write(RunWorkflowRequestSchema, message);
        expect(text).toBe(
          JSON.stringify({ id: data, inputs: JSON.parse(JSON.stringify(message.inputs)), request_id: null }),
        );
        const back = read(RunWorkflowRequestSchema, text);
        expect(write(RunWorkflowRequestSchema, back)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test('writing it in pieces gives the same text', () => {
    const runs = Array.from({ length: 1_500 }, (_, i) => ({ runId: `run-${i}`, inputs: { i: String(i) } }));
    const message = create(ListRunsResponseSchema, { runs, nextPageToken: 'x' });
    const writer = messageWriter(ListRunsResponseSchema);
    expect(writer.weigh(message)).toBe(1_500);
    const pieces = [...writer.pieces(message)];
    expect(pieces.join('')).toBe(writer.write(message));
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(40_000);
  });
});

describe('a message is read from worker requests', () => {
  test('an absent field and null are the default, unknown fields are ignored', () => {
    const expected = create(ClaimJobRequestSchema, { workerId: 'w' });
    expect(toBinary(ClaimJobRequestSchema, read(ClaimJobRequestSchema, '{"worker_id":"w"}') as never)).toEqual(
      toBinary(ClaimJobRequestSchema, expected),
    );
    const noisy =
      '{"worker_id":"w","labels":null,"lease_ttl_secs":null,"__proto__":{"labels":["x"]},"workerId":"v","z":[{}]}';
    expect(read(ClaimJobRequestSchema, noisy)).toEqual(read(ClaimJobRequestSchema, '{"worker_id":"w"}'));
  });

  test.each<[string, bigint]>([
    ['60', 60n],
    ['"60"', 60n],
    ['6e1', 60n],
    ['-5', -5n],
    ['9007199254740991', 9007199254740991n],
  ])('lease_ttl_secs %s', (text, value) => {
    expect(read(ClaimJobRequestSchema, `{"lease_ttl_secs":${text}}`)).toMatchObject({ leaseTtlSecs: value });
  });

  test.each([
    ['"stdout"', 1],
    ['"STDERR"', 2],
    ['"LOG_STREAM_STDERR"', 2],
    ['2', 2],
    ['null', 0],
  ])('stream %s', (text, value) => {
    expect(read(PushLogsRequestSchema, `{"chunks":[{"stream":${text}}]}`)).toMatchObject({
      chunks: [{ stream: value }],
    });
  });

  test.each(['"None"', '{"None":{}}', '{"Fixed":{"delay_secs":7}}', '{"Exponential":{"base_secs":2,"max_secs":60}}'])(
    'backoff %s is read back',
    (text) => {
      const message = read(BackoffSchema, text);
      const again = fromBinary(BackoffSchema, toBinary(BackoffSchema, message as never));
      expect(again).toEqual(message);
    },
  );

  test('one of two results is selected', () => {
    expect(read(JobReportSchema, '{"lease_id":"l","success":{"a":"1"},"failure":null}')).toMatchObject({
      result: { case: 'success', value: { values: { a: '1' } } },
    });
  });

  test('a lone surrogate becomes U+FFFD, as on the other protocols', () => {
    expect(read(ClaimJobRequestSchema, '{"worker_id":"a\\ud800"}')).toMatchObject({ workerId: 'a\ufffd' });
  });

  test('messages do not share lists or maps', () => {
    const one = read(ClaimJobRequestSchema, '{}') as unknown as { labels: string[] };
    one.labels.push('x');
    expect(read(ClaimJobRequestSchema, '{}')).toMatchObject({ labels: [] });
  });
});
