import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { viewLimits } from '../../src/engine/views/limits.js';
import type { JobView } from '../../src/engine/views/workflow-rows.js';
import { insertAudit } from '../../src/store/statements/audit.js';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const mib = 1024 * 1024;
/** Nearly the maximum of a job: 15 values of 64 KiB. */
const largeOutputs = Object.fromEntries(Array.from({ length: 15 }, (_, at) => [`k${at}`, 'x'.repeat(64 * 1024)]));

async function runOf(jobs: number, id: string): Promise<string> {
  await fixture.define(`jobs: { ${Array.from({ length: jobs }, (_, at) => `j${at}: { run: x }`).join(', ')} }`, id);
  return (await fixture.startRun(id)).runId;
}

async function completeAll(jobs: number): Promise<void> {
  for (const job of await fixture.claimMany(jobs)) await fixture.complete(job, largeOutputs);
}

const bytesOf = (jobs: readonly JobView[]) =>
  jobs.reduce(
    (sum, { error, outputs }) =>
      sum + (error ?? '').length + [...outputs.values()].reduce((all, value) => all + value.length, 0),
    0,
  );

describe('the status of a workflow', () => {
  it('has outputs of bounded size, marks the jobs whose outputs were omitted, and shows one in full on request', async () => {
    const run = await runOf(20, 'large');
    await completeAll(20);
    const { jobs } = await fixture.engine.workflowStatus(run);
    expect(jobs).toHaveLength(20);
    expect(bytesOf(jobs)).toBeLessThanOrEqual(viewLimits.resultBytes);
    expect(bytesOf(jobs)).toBeGreaterThan(viewLimits.resultBytes - mib);
    expect(jobs.map(({ truncated }) => truncated)).toEqual(jobs.map((_, at) => at >= 17));
    expect(jobs[19]?.outputs.size).toBe(0);

    const [whole, ...others] = (await fixture.engine.workflowStatus(run, 'j19')).jobs;
    expect(others).toEqual([]);
    expect(whole?.truncated).toBe(false);
    expect(Object.fromEntries(whole?.outputs ?? [])).toEqual(largeOutputs);
  });

  it('keeps long error texts in full while there is room, and truncates them beyond it', async () => {
    const run = await runOf(22, 'failing');
    const jobs = await fixture.claimMany(22);
    for (const job of jobs.slice(0, 20)) await fixture.complete(job, largeOutputs);
    const error = 'ü'.repeat(30_000);
    for (const job of jobs.slice(20)) await fixture.fail(job, false, error);
    const whole = (await fixture.engine.workflowStatus(run)).jobs;
    expect(whole[20]).toMatchObject({ error, truncated: false });
    expect(bytesOf(whole)).toBeLessThanOrEqual(viewLimits.resultBytes);
    expect((await fixture.engine.workflowStatus(run, 'j21')).jobs[0]).toMatchObject({ error, truncated: false });
    await expect(fixture.engine.workflowStatus(run, 'j99')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('reads no more of the outputs than it shows', async () => {
    const run = await runOf(20, 'large');
    await completeAll(20);
    const read = fixture.store.longRead;
    let chars = 0;
    const query = read.query.bind(read);
    read.query = async (...call) => {
      const rows = await query(...call);
      chars += JSON.stringify(rows).length;
      return rows;
    };
    await fixture.engine.workflowStatus(run);
    read.query = query;
    expect(chars).toBeLessThan(viewLimits.resultBytes + mib);
  });
});

describe('a page of workflows', () => {
  const list = async (more: { offset?: number; bytesMax?: number } = {}) => {
    const query = { limit: 100, offset: 0, status: null, jobsMax: 20_000, ...more };
    const { workflows, nextOffset } = await fixture.engine.listWorkflows(query);
    return { shown: workflows.map(({ id }) => id), nextOffset, bytes: bytesOf(workflows.flatMap(({ jobs }) => jobs)) };
  };

  it('ends before the workflow that exceeds its bytes: outputs, scripts and inputs', async () => {
    for (const id of ['a', 'b', 'c']) {
      await runOf(7, id);
      await completeAll(7);
    }
    const first = await list();
    expect(first).toMatchObject({ shown: ['a', 'b'], nextOffset: 2 });
    expect(first.bytes).toBeGreaterThan(13 * mib);
    expect(await list({ offset: 2 })).toMatchObject({ shown: ['c'], nextOffset: null });
    expect(await list({ bytesMax: 1 })).toMatchObject({ shown: ['a'], nextOffset: 1 });
    await fixture.define(`jobs: { a: { run: "${'x'.repeat(50_000)}" } }`, 'd');
    await fixture.define('jobs: { a: { run: x } }', 'e');
    await fixture.startRun('e', { text: 'x'.repeat(60_000) });
    expect(await list({ offset: 3, bytesMax: 100_000 })).toMatchObject({ shown: ['d'], nextOffset: 4 });
  });
});

describe('why', () => {
  it('truncates the error texts of many attempts, and shows one in full on request', async () => {
    const run = await fixture.run('jobs: { a: { run: x, retries: 30, backoff: none } }');
    const error = `boom ${'x'.repeat(60_000)}`;
    for (let at = 0; at < 31; at++) await fixture.fail(await fixture.claimed(), true, error);
    const { attempts, reasons } = await fixture.engine.explainJob(run, 'a');
    expect(attempts).toHaveLength(31);
    for (const attempt of attempts) expect(attempt.error).toBe(`${error.slice(0, viewLimits.quotedChars)}…`);
    expect(reasons[0]?.reason).toMatchObject({ code: 'failed', error });
    const one = await fixture.engine.explainJob(run, 'a', 7);
    expect(one.attempts.map(({ number, error: text }) => [number, text])).toEqual([[7, error]]);
    await expect(fixture.engine.explainJob(run, 'a', 31)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('truncates the values of a condition, and reads only the outputs that the condition uses', async () => {
    const run = await fixture.run(
      `jobs: { a: { run: x }, b: { run: x }, c: { run: x, needs: [a, b], if: "needs.a.outputs.k0 == 'no' && inputs.i == 'no'" } }`,
      { i: 'y'.repeat(60_000) },
    );
    await completeAll(2);
    const { reasons } = await fixture.engine.explainJob(run, 'c');
    const { reason } = reasons[0] ?? {};
    if (reason?.code !== 'condition_false') throw new Error(`it is ${reason?.code}`);
    expect(reason.values.map(({ text, value }) => [text, String(value).length])).toEqual([
      ['success()', 4],
      ['needs.a.outputs.k0', viewLimits.quotedChars + 1],
      ['inputs.i', viewLimits.quotedChars + 1],
    ]);
  });
});

it('a page of audit entries ends at a number of bytes, and the next one continues after it', async () => {
  await fixture.define('jobs: { a: { run: x } }', 'a');
  for (let at = 0; at < 250; at++) await fixture.startRun('a');
  const pages = async (): Promise<number[]> => {
    const seen: number[] = [];
    for (let pageToken = ''; seen.length === 0 || pageToken !== ''; ) {
      const page = await fixture.engine.listAudit({ limit: 120, pageToken, action: 'run.started', subject: '' });
      seen.push(page.events.length);
      pageToken = page.nextPageToken;
    }
    return seen;
  };
  expect(await pages()).toEqual([120, 120, 10]);
  const long = JSON.stringify({ text: 'x'.repeat(viewLimits.auditPageBytes) });
  const entry = { at_ms: 1, action: 'run.started', subject: 's', source: 'api', actor: null, data: long };
  await fixture.store.transact((connection) => insertAudit.run(connection, { rows: [entry] }));
  expect(await pages()).toEqual([100, 120, 31]);
});
