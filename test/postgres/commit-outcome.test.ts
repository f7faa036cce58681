import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Cut, CuttingProxy } from '../support/postgres/cutting-proxy.js';
import { caller, claim, define, Engines, type Member, startRun, stateOf } from '../support/postgres/engines.js';

let engines: Engines;
let proxy: CuttingProxy;
let server: Member;

beforeEach(async () => {
  engines = await Engines.start(1);
  proxy = await CuttingProxy.start(engines.url);
  server = await engines.join(proxy.url);
  engines.members.push(server);
  await define(server.engine, 'w', 'jobs: { a: { run: x } }');
});

afterEach(async () => {
  await engines.end();
  await proxy.end();
});

const cuts: readonly Cut[] = ['before the commit arrives', 'after the commit, before its answer'];

describe.each(cuts)('a connection that is cut %s', (cut) => {
  it('starts the run once, and returns which one to the caller', async () => {
    proxy.cutNextCommit(cut);
    const run = await startRun(server.engine, 'w');
    expect(proxy.cuts).toBe(1);
    expect(await engines.query('select id from runs')).toEqual([{ id: run }]);
    expect(await stateOf(server.engine, run)).toBe('queued');
  });

  it('hands the job out once, and the worker gets it', async () => {
    await startRun(server.engine, 'w');
    proxy.cutNextCommit(cut);
    const [job] = await claim(server.engine);
    expect(proxy.cuts).toBe(1);
    expect(job?.jobKey).toBe('a');
    expect(await engines.query('select count(*)::int as count from attempts')).toEqual([{ count: 1 }]);
    await server.engine.completeJob(caller, job?.leaseId ?? '', new Map());
  });

  it('accepts a report once', async () => {
    const run = await startRun(server.engine, 'w');
    const [job] = await claim(server.engine);
    proxy.cutNextCommit(cut);
    await server.engine.completeJob(caller, job?.leaseId ?? '', new Map());
    expect(proxy.cuts).toBe(1);
    expect(await stateOf(server.engine, run)).toBe('success');
    const [ends] = await engines.query(`select count(*)::int as count from events where type = 'run.success'`);
    expect(ends).toEqual({ count: 1 });
  });

  it('leaves no gap or repeat in the numbers of events', async () => {
    for (let round = 0; round < 5; round++) {
      proxy.cutNextCommit(cut);
      await startRun(server.engine, 'w');
    }
    const [events] = await engines.query('select max(number)::int as newest, count(*)::int as count from events');
    expect(events?.newest).toBe(events?.count);
    expect(await engines.query('select count(*)::int as count from runs')).toEqual([{ count: 5 }]);
  });
});

describe.each(cuts)('a connection that is cut %s, followed by that of the query for its outcome', (cut) => {
  it('makes the change once', async () => {
    proxy.cutNextCommit(cut);
    proxy.cutNextQuestion();
    const run = await startRun(server.engine, 'w');
    expect(proxy.cuts).toBe(2);
    expect(await engines.query('select id from runs')).toEqual([{ id: run }]);
  });
});
