import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ClaimedJob as ClaimedJobMessage } from '../src/gen/workflowgraph/v1/types.js';
import { toClaim } from '../src/grpc/from-wire.js';
import { readEvents } from '../src/http/server-sent-events.js';
import { Worker } from '../src/index.js';
import { parseOutputsFile } from '../src/shell/outputs-file.js';
import { SetOutputScanner } from '../src/shell/set-output.js';
import { VERSION } from '../src/version.js';
import { readClaim } from '../src/wire/claim.js';

test.each([
  ['', {}],
  ['a=1\nb=2\n', { a: '1', b: '2' }],
  ['a=1\r\nb=2', { a: '1', b: '2' }],
  ['a=x=y', { a: 'x=y' }],
  ['a=', { a: '' }],
  ['a=1\na=2', { a: '2' }],
  ['a=1<<EOF', { a: '1<<EOF' }],
  ['a<<EOF\nEOF\n', { a: '' }],
  ['a<<EOF\nx=1\n\ny\nEOF\nb=2', { a: 'x=1\n\ny', b: '2' }],
  ['a<<E=F\nx\nE=F\n', { a: 'x' }],
  ['\n\na=1\n\n', { a: '1' }],
  ['__proto__=x', Object.fromEntries([['__proto__', 'x']])],
])('an outputs file is read: %j', (text, outputs) => {
  expect(Object.fromEntries(parseOutputsFile(text))).toEqual(outputs);
});

test.each([
  ['nonsense', 'line 1: expected key=value'],
  ['a=1\n=2', 'line 2: expected key=value'],
  ['a<<EOF\nx\n', 'line 1: the end mark "EOF" does not follow'],
  ['a<<\nx\n', 'line 1: "<<" needs an end mark'],
  ['<<EOF\nEOF', 'line 1: expected key=value'],
])('an outputs file that cannot be read names the line: %j', (text, message) => {
  expect(() => parseOutputsFile(text)).toThrow(message);
});

test.each([
  [['::set-output a=1\n'], { a: '1' }],
  [['::set-', 'output a', '=1', '\n'], { a: '1' }],
  [['::set-output a=1'], { a: '1' }],
  [['::set-output a=1\r\n'], { a: '1' }],
  [['::set-output a=x=y\n::set-output a=2\n'], { a: '2' }],
  [['x ::set-output a=1\n'], {}],
  [['::set-output =1\n::set-output a\n::set-outputs a=1\n'], {}],
  [[`${'x'.repeat(3_000_000)}::set-output a=1\n`, '::set-output b=2\n'], { b: '2' }],
  [[`::set-output a=${'x'.repeat(2_000_000)}`, '\n::set-output b=2\n'], { b: '2' }],
])('set-output lines are found however they are cut: case %#', (texts, outputs) => {
  const scanner = new SetOutputScanner();
  for (const text of texts) scanner.write(text);
  scanner.end();
  expect(Object.fromEntries(scanner.outputs)).toEqual(outputs);
});

test('server-sent events are read however they are cut', async () => {
  const text = ': hello\n\nevent: log\nid: 7\ndata: {"a":\ndata: "€"}\n\ndata:plain\r\n\r\nevent: cut';
  const bytes = Buffer.from(text);
  async function* oneByOne() {
    for (let i = 0; i < bytes.length; i++) yield bytes.subarray(i, i + 1);
  }
  const events = [];
  for await (const event of readEvents(oneByOne())) events.push(event);
  expect(events).toEqual([
    { name: 'log', data: '{"a":\n"€"}', id: '7' },
    { name: 'message', data: 'plain', id: null },
  ]);
});

test('the version in the code is that of the package', () => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  expect(JSON.parse(text).version).toBe(VERSION);
});

test('the keys of a claimed job are keys like any other, also over a stream', () => {
  const maps = { values: new Map([['__proto__', 'x']]) };
  const job = ClaimedJobMessage.decode(new Uint8Array());
  job.upstream_outputs = new Map([['__proto__', maps]]);
  job.inputs = new Map([['__proto__', 'y']]);
  job.metadata = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}');
  const sent = ClaimedJobMessage.decode(ClaimedJobMessage.encode(job).finish());
  const lease = { lease_id: 'l', job_id: '', workflow_id: '', worker_id: '', ttl_secs: 30, granted_at_ms: 0 };
  const streamed = toClaim({ job: sent, lease } as Parameters<typeof toClaim>[0]).job;
  const text =
    '{"job_id":"a","workflow_id":"r","command":"","upstream_outputs":{"__proto__":{"__proto__":"x"}},"inputs":{"__proto__":"y"}}';
  const documented = readClaim({ job: JSON.parse(text), lease })?.job;
  for (const read of [streamed, documented]) {
    expect(JSON.stringify(read?.upstream_outputs)).toBe('{"__proto__":{"__proto__":"x"}}');
    expect(JSON.stringify(read?.inputs)).toBe('{"__proto__":"y"}');
    expect(read?.upstream_outputs.constructor).toBeUndefined();
  }
  expect(JSON.stringify(streamed.metadata)).toBe('{"__proto__":{"a":1},"constructor":2}');
});

test('a worker without labels that takes only labelled jobs is refused', () => {
  expect(() => new Worker({ onlyLabelled: true })).toThrow(
    'onlyLabelled: a worker without labels would never get a job',
  );
});
