// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { soon } from '../support/until.js';

const minuteMs = 60_000;

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const whyOf = async (run: string, job: string) => {
  const { reasons } = await fixture.engine.explainJob(run, job);
  return { codes: reasons.map(({ reason }) => reason.code), sentence: reasons[0]?.sentence ?? '' };
};
/** Advances the clock, and waits until the job has the status. */
async function untilStatus(run: string, job: string, status: string): Promise<void> {
  await soon(async () => (await fixture.statuses(run))[job] === status);
}

describe('a job that nobody claims within its queue timeout', () => {
  it('fails without an attempt or a retry, and its dependents see a failure', async () => {
    const run = await fixture.run(`
      jobs:
        a: { run: x, queue-timeout: 10m, retries: 3 }
        b: { needs: a, run: x }
        c: { needs: a, if: "failure() && needs.a.result == 'failure'", run: x }
    `);
    await fixture.environment.advance(10 * minuteMs - 1);
    expect(await fixture.statuses(run)).toMatchObject({ a: 'queued' });
    await fixture.environment.advance(1);
    await untilStatus(run, 'a', 'failure');
    expect(await fixture.statuses(run)).toEqual({ a: 'failure', b: 'skipped', c: 'queued' });
    const { codes, sentence } = await whyOf(run, 'a');
    expect(codes).toEqual(['queue_timed_out']);
    expect(sentence).toBe('It failed without an attempt: queue timeout: no worker claimed it within 600 s.');
    expect((await fixture.engine.explainJob(run, 'a')).attempts).toEqual([]);
    expect(await fixture.claim()).toMatchObject({ jobKey: 'c' });
  });

  it('fails at the same time after a restart', async () => {
    const run = await fixture.run('jobs: { a: { run: x, queue-timeout: 10m } }');
    await fixture.environment.advance(9 * minuteMs);
    await fixture.restart();
    expect(await fixture.statuses(run)).toEqual({ a: 'queued' });
    await fixture.environment.advance(minuteMs);
    await untilStatus(run, 'a', 'failure');
  });

  it('fails immediately if its worker releases it too late', async () => {
    const run = await fixture.run('jobs: { a: { run: x, queue-timeout: 10s } }');
    const job = await fixture.claimed();
    await fixture.environment.advance(11_000);
    expect(await fixture.statuses(run)).toEqual({ a: 'running' });
    await fixture.engine.releaseJob(fixture.caller, job.leaseId);
    await fixture.environment.advance(1);
    await untilStatus(run, 'a', 'failure');
  });

  it('does not fail its run if it continues on error', async () => {
    const run = await fixture.run('jobs: { a: { run: x, queue-timeout: 1m, continue-on-error: true } }');
    await fixture.environment.advance(minuteMs);
    await soon(async () => (await fixture.runState(run)) === 'success');
    expect((await whyOf(run, 'a')).codes).toEqual(['queue_timed_out', 'tolerated']);
  });
});

describe('the queue timeout of a job', () => {
  it('does not count while it runs', async () => {
    const run = await fixture.run('jobs: { a: { run: x, queue-timeout: 10s } }');
    const job = await fixture.claimed({ leaseTtlSecs: 600 });
    await fixture.environment.advance(5 * minuteMs);
    expect(await fixture.statuses(run)).toEqual({ a: 'running' });
    await fixture.complete(job);
    expect(await fixture.runState(run)).toBe('success');
  });

  it('starts anew with each retry, not with its delay', async () => {
    const run = await fixture.run(
      'jobs: { a: { run: x, queue-timeout: 10m, retries: 1, backoff: { fixed: { delay: 1h } } } }',
    );
    await fixture.environment.advance(9 * minuteMs);
    await fixture.fail(await fixture.claimed(), true);
    await fixture.environment.advance(60 * minuteMs);
    await fixture.environment.advance(10 * minuteMs - 1);
    expect(await fixture.statuses(run)).toEqual({ a: 'queued' });
    await fixture.environment.advance(1);
    await untilStatus(run, 'a', 'failure');
    expect((await whyOf(run, 'a')).codes).toEqual(['queue_timed_out', 'retried']);
  });

  it('counts the time in which the job is held, and leaves the gate', async () => {
    const run = await fixture.run(`
      jobs:
        a: { run: x, concurrency: g }
        b: { run: x, concurrency: g, queue-timeout: 10m }
        c: { run: x, concurrency: g }
    `);
    const first = await fixture.claimed({ leaseTtlSecs: 3_600 });
    await fixture.environment.advance(10 * minuteMs);
    await untilStatus(run, 'b', 'failure');
    expect((await whyOf(run, 'b')).sentence).toContain('queue timeout: no place became free for it within 600 s');
    await fixture.complete(first);
    expect((await soon(async () => fixture.claim())).jobKey).toBe('c');
  });

  it('returns the place of a claimable job to its group', async () => {
    const run = await fixture.run(`
      jobs:
        a: { run: x, concurrency: g, queue-timeout: 1m }
        b: { run: x, concurrency: g }
    `);
    await fixture.environment.advance(minuteMs);
    await untilStatus(run, 'a', 'failure');
    expect((await soon(async () => fixture.claim())).jobKey).toBe('b');
  });

  it('is an expression over needs, evaluated for each child of a matrix', async () => {
    const run = await fixture.run(`
      jobs:
        a: { run: x }
        b: { needs: a, run: x, queue-timeout: "\${{ needs.a.outputs.limit }}" }
        m:
          needs: a
          run: x
          queue-timeout: "\${{ matrix.limit }}"
          strategy: { fail-fast: false, matrix: { limit: [1m, 1h] } }
    `);
    await fixture.complete(await fixture.claimed(), { limit: '5m' });
    await soon(async () =>
      (await fixture.engine.workflowStatus(run)).jobs.some(({ children }) => children?.open === 2),
    );
    await fixture.environment.advance(minuteMs);
    await untilStatus(run, 'b', 'queued');
    expect((await soon(async () => whyIf(run, 'm.0', 'queue_timed_out'))).codes).toEqual(['queue_timed_out']);
    expect((await whyOf(run, 'm.1')).codes).not.toContain('queue_timed_out');
    await fixture.environment.advance(4 * minuteMs);
    await untilStatus(run, 'b', 'failure');
  });

  it('fails the job if it is not a duration', async () => {
    const run = await fixture.run(`
      inputs: { limit: {} }
      jobs: { a: { run: x, queue-timeout: "\${{ inputs.limit }}" } }
    `);
    expect(await fixture.statuses(run)).toEqual({ a: 'failure' });
    expect((await whyOf(run, 'a')).sentence).toContain('queue-timeout: it must be whole seconds from 1');
  });

  it('starts anew with a re-run', async () => {
    const run = await fixture.run('jobs: { a: { run: x, queue-timeout: 1m } }');
    await fixture.environment.advance(minuteMs);
    await untilStatus(run, 'a', 'failure');
    await fixture.engine.rerunRun({
      caller: fixture.caller,
      id: run,
      failed: true,
      jobs: [],
      dependants: true,
      force: false,
      dryRun: false,
      requestId: null,
    });
    await fixture.environment.advance(minuteMs - 1);
    expect(await fixture.statuses(run)).toEqual({ a: 'queued' });
    await fixture.complete(await fixture.claimed());
    expect(await fixture.runState(run)).toBe('success');
  });

  it("is queue_timeout_secs in the API's form, and is shown to readers", async () => {
    const text = JSON.stringify({ jobs: [{ id: 'a', command: 'x', queue_timeout_secs: 60 }] });
    await fixture.engine.define({ id: 'api', source: 'api', text: Buffer.from(text), format: 'json', file: 'api' });
    const run = (await fixture.startRun('api')).runId;
    expect((await fixture.engine.workflowStatus(run)).jobs[0]?.spec.queueTimeoutSecs).toBe(60);
    await fixture.environment.advance(minuteMs);
    await untilStatus(run, 'a', 'failure');
  });
});

async function whyIf(run: string, job: string, code: string) {
  const why = await whyOf(run, job);
  return why.codes.includes(code as never) ? why : null;
}
