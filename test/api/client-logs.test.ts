import { afterEach, beforeEach, expect, it } from 'vitest';
import { Client } from '../../clients/typescript/src/client.js';
import { ServerHere } from '../support/running-server.js';

let here: ServerHere;
let client: Client;

beforeEach(async () => {
  here = await new ServerHere().start();
  client = new Client({ serverUrl: here.url });
});

afterEach(async () => {
  client.close();
  await here.end();
});

/** Claims the only job; returns the id of its lease. */
async function claim(): Promise<string> {
  const [job] = await here.server.engine.claimJobs(
    {
      caller: { credential: null },
      workerId: 'w',
      labels: [],
      onlyLabelled: false,
      leaseTtlSecs: 30,
      waitMs: 0,
      requestId: null,
      maxJobs: 1,
    },
    null,
  );
  if (job === undefined) throw new Error('no job is claimable');
  return job.leaseId;
}

async function push(leaseId: string, ...chunks: (readonly [number, 'stdout' | 'stderr', string])[]): Promise<void> {
  const pushed = chunks.map(([sequence, stream, data]) => ({
    runId: '',
    jobKey: '',
    sequence,
    data,
    timestampMs: 1,
    stream,
  }));
  await here.server.engine.pushLogs({ credential: null }, leaseId, pushed);
}

/** Resumes reading the log after each of its chunks, both stored and live. */
async function expectResumable(run: string, texts: readonly string[]): Promise<void> {
  const all = await client.logs(run, 'a');
  expect(all.map(({ data }) => data)).toEqual(texts);
  for (const [at, after] of all.entries()) {
    const rest = await client.logs(run, 'a', { after });
    expect(rest.map(({ data }) => data)).toEqual(texts.slice(at + 1));
    const followed: string[] = [];
    for await (const { data } of client.followLogs(run, 'a', { after })) followed.push(data);
    expect(followed).toEqual(texts.slice(at + 1));
  }
}

it('the client resumes a log after any chunk of either stream', async () => {
  await here.define('jobs: { a: { run: x } }');
  const run = await here.run('wf');
  const lease = await claim();
  await push(lease, [0, 'stdout', '0'], [1, 'stderr', '1'], [2, 'stdout', '2']);
  await here.server.engine.completeJob({ credential: null }, lease, new Map());
  await expectResumable(run, ['0', '1', '2']);
});

it('the client resumes a log after a line that the server wrote', async () => {
  await here.define('jobs: { a: { run: x, timeout: 1 } }');
  const run = await here.run('wf');
  const lease = await claim();
  await push(lease, [0, 'stdout', 'before']);
  let line = '';
  for await (const { data, system_line } of client.followLogs(run, 'a')) {
    if (system_line !== 2) continue;
    line = data;
    break;
  }
  await push(lease, [1, 'stderr', 'after']);
  await here.server.engine.failJob({ credential: null }, lease, { error: 'stopped', retryable: true });
  await expectResumable(run, ['before', line, 'after']);
});

it('the client reads and follows the last lines of a log', async () => {
  await here.define('jobs: { a: { run: x } }');
  const run = await here.run('wf');
  const lease = await claim();
  await push(lease, [0, 'stdout', '0\n1\n2\n']);
  await here.server.engine.completeJob({ credential: null }, lease, new Map());
  expect((await client.logs(run, 'a', { tail: 2 })).map(({ data }) => data)).toEqual(['1\n2\n']);
  const followed: string[] = [];
  for await (const { data } of client.followLogs(run, 'a', { tail: 1 })) followed.push(data);
  expect(followed).toEqual(['2\n']);
});
