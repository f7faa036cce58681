import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { runQuery } from '../support/run-query.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const workflow = `
  jobs:
    lint: { run: x, continue-on-error: true, labels: lint }
    ship: { run: x, needs: lint }
    alarm: { run: x, needs: lint, if: failure() }
    note: { run: x, needs: lint, if: "needs.lint.result == 'failure'" }
`;

const codesOf = async (run: string, job: string) =>
  (await fixture.engine.explainJob(run, job)).reasons.map(({ reason }) => reason.code);

describe('a job with continue-on-error that fails', () => {
  it('counts as a failure that fails neither its run nor its dependents', async () => {
    const run = await fixture.run(workflow);
    await fixture.fail(await fixture.claimed({ labels: ['lint'] }), false, 'two warnings');
    expect(await fixture.statuses(run)).toEqual({ lint: 'failure', ship: 'queued', alarm: 'skipped', note: 'queued' });
    for (const job of await fixture.claimMany(2)) await fixture.complete(job);
    expect(await fixture.runState(run)).toBe('success');
    const [lint] = (await fixture.engine.workflowStatus(run)).jobs;
    expect(lint).toMatchObject({ status: 'failure', isTolerated: true, error: 'two warnings' });
  });

  it('is tolerated only after its retries are used up', async () => {
    const run = await fixture.run('jobs: { lint: { run: x, continue-on-error: true, retries: 1 } }');
    await fixture.fail(await fixture.claimed(), true);
    expect((await fixture.engine.workflowStatus(run)).jobs[0]).toMatchObject({ status: 'queued', isTolerated: false });
    await fixture.fail(await fixture.claimed(), true);
    expect((await fixture.engine.workflowStatus(run)).jobs[0]).toMatchObject({ status: 'failure', isTolerated: true });
    expect(await fixture.runState(run)).toBe('success');
  });

  it('is reported in "why" and to followers of the run', async () => {
    const run = await fixture.run(workflow);
    await fixture.fail(await fixture.claimed({ labels: ['lint'] }));
    expect(await codesOf(run, 'lint')).toEqual(['failed', 'tolerated']);
    const alarm = await fixture.engine.explainJob(run, 'alarm');
    expect(alarm.reasons[0]?.reason).toMatchObject({ values: [{ text: 'failure()', value: false }], needs: [] });
    const [details] = (await fixture.engine.listRuns(runQuery({ withDetails: true }))).runs;
    expect(details?.details).toMatchObject({ counts: { failure: 1 }, tolerated: 1, firstFailure: null });
  });

  it('also counts as success when one of its expressions has no value', async () => {
    const run = await fixture.run(
      `
      inputs: { labels: {} }
      jobs:
        lint: { run: x, continue-on-error: true, labels: "\${{ fromJSON(inputs.labels) }}" }
        ship: { run: x, needs: lint }
    `,
      { labels: 'no JSON' },
    );
    expect(await codesOf(run, 'lint')).toEqual(['expression_failed', 'tolerated']);
    await fixture.complete(await fixture.claimed());
    expect(await fixture.runState(run)).toBe('success');
  });

  it("is undone by a re-run, after which the run's counters are right", async () => {
    const run = await fixture.run('jobs: { lint: { run: x, continue-on-error: true }, ship: { run: x, needs: lint } }');
    await fixture.fail(await fixture.claimed());
    await fixture.complete(await fixture.claimed());
    const again = { caller: fixture.caller, id: run, jobs: [], dependants: true, force: false, requestId: null };
    await fixture.engine.rerunRun({ ...again, failed: true, dryRun: false });
    expect((await fixture.engine.workflowStatus(run)).jobs[0]).toMatchObject({ status: 'queued', isTolerated: false });
    await fixture.complete(await fixture.claimed());
    await fixture.complete(await fixture.claimed());
    expect(await fixture.runState(run)).toBe('success');
  });

  it('does not let a job that needs another failure run', async () => {
    const run = await fixture.run(`
      jobs:
        lint: { run: x, continue-on-error: true, labels: lint }
        test: { run: x, labels: test }
        ship: { run: x, needs: [lint, test] }
    `);
    await fixture.fail(await fixture.claimed({ labels: ['lint'] }));
    await fixture.fail(await fixture.claimed({ labels: ['test'] }));
    expect(await fixture.statuses(run)).toEqual({ lint: 'failure', test: 'failure', ship: 'skipped' });
    expect(await fixture.runState(run)).toBe('failure');
    const [why] = (await fixture.engine.explainJob(run, 'ship')).reasons;
    expect(why?.reason).toMatchObject({ code: 'needs_unsuccessful', needs: [{ jobKey: 'test' }], count: 1 });
  });
});

describe('the jobs that a job needs', () => {
  it('are sent to its worker with their results, also in a repeated claim', async () => {
    await fixture.run(`
      jobs:
        build: { run: x, retries: 1, labels: build }
        lint: { run: x, labels: lint, continue-on-error: true }
        never: { run: x, needs: lint, if: failure() }
        report: { run: x, needs: [build, lint, never], if: always() }
    `);
    await fixture.fail(await fixture.claimed({ labels: ['build'] }), true);
    const build = await fixture.claimed({ labels: ['build'] });
    await fixture.environment.advance(2_500);
    await fixture.complete(build, { version: '1' });
    await fixture.fail(await fixture.claimed({ labels: ['lint'] }), false, `two warnings${'!'.repeat(2_000)}`);
    const requestId = 'a-request-that-is-sent-twice';
    const claims = [await fixture.claimed({ requestId }), await fixture.claimed({ requestId })];
    for (const { needs, upstreamOutputs } of claims) {
      expect(Object.fromEntries(needs)).toEqual({
        build: { result: 'success', isTolerated: false, error: null, attempt: 1, durationMs: 2_500 },
        lint: { result: 'failure', isTolerated: true, error: expect.any(String), attempt: 0, durationMs: 0 },
        never: { result: 'skipped', isTolerated: false, error: null, attempt: 0, durationMs: null },
      });
      expect(needs.get('lint')?.error).toMatch(/^two warnings!{988}…$/);
      expect([...upstreamOutputs.keys()]).toEqual(['build']);
    }
  });

  it('have short error texts if very many of them failed', async () => {
    const jobs = Array.from({ length: 100 }, (_, at) => `j${at}: { run: x, labels: many }`);
    await fixture.run(`{ jobs: { ${jobs.join(', ')}, all: { run: x, needs: '*', if: always() } } }`);
    for (const job of await fixture.claimMany(100, { labels: ['many'] })) {
      await fixture.fail(job, false, 'x'.repeat(5_000));
    }
    const { needs } = await fixture.claimed();
    expect(needs.size).toBe(100);
    const chars = [...needs.values()].reduce((sum, { error }) => sum + (error?.length ?? 0), 0);
    expect(chars).toBeLessThan(70_000);
    expect(chars).toBeGreaterThan(60_000);
  });
});
