import { afterEach, beforeEach, expect, it } from 'vitest';
import { Client } from '../../clients/typescript/src/client.js';
import { ServerHere } from '../support/running-server.js';

let here: ServerHere;

beforeEach(async () => {
  here = await new ServerHere().start();
});

afterEach(() => here.end());

it('the client reads a log on from any chunk of either stream', async () => {
  await here.define('jobs: { a: { run: x } }');
  const run = await here.run('wf');
  const claim = {
    caller: { credential: null },
    workerId: 'w',
    labels: [],
    leaseTtlSecs: 30,
    waitMs: 0,
    requestId: null,
    maxJobs: 1,
  };
  const [job] = await here.server.engine.claimJobs(claim, null);
  const chunk = (sequence: number, stream: 'stdout' | 'stderr') => ({
    runId: '',
    jobKey: '',
    sequence,
    data: `${sequence}`,
    timestampMs: 1,
    stream,
  });
  await here.server.engine.pushLogs({ credential: null }, job?.leaseId ?? '', [
    chunk(0, 'stdout'),
    chunk(1, 'stderr'),
    chunk(2, 'stdout'),
  ]);
  const client = new Client({ serverUrl: here.url });
  const all = await client.logs(run, 'a');
  expect(all.map(({ data }) => data)).toEqual(['0', '1', '2']);
  for (const [at, after] of all.entries()) {
    const rest = await client.logs(run, 'a', { after });
    expect(rest.map(({ data }) => data)).toEqual(all.slice(at + 1).map(({ data }) => data));
  }
  client.close();
});
