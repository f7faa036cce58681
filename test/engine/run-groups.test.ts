// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DomainError } from '../../src/domain/errors.js';
import type { RerunAnswer } from '../../src/engine/engine.js';
import { pruneStep } from '../../src/engine/runs/prune.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { soon } from '../support/until.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const deploy = (concurrency: string) => `
  concurrency: ${concurrency}
  inputs: { target: { default: staging } }
  jobs:
    ship: { run: x }
    tell: { run: x, needs: ship, if: always() }
`;

async function start(id: string, inputs: Record<string, string> = {}): Promise<string> {
  return (await fixture.startRun(id, inputs)).runId;
}

/** The run of the only claimable job; waits until there is one. */
async function nextJob() {
  return soon(async () => fixture.claim());
}

async function runOne(run: string): Promise<void> {
  for (const key of ['ship', 'tell']) {
    const job = await nextJob();
    expect([job.runId, job.jobKey]).toEqual([run, key]);
    await fixture.complete(job);
  }
}

const isHeld = async (run: string) => (await fixture.engine.workflowStatus(run)).run?.held;

describe('a group of runs', () => {
  it('runs one at a time, in the order of the starts', async () => {
    const id = await fixture.define(deploy('deploy'));
    const runs = [await start(id), await start(id), await start(id)];
    expect(await Promise.all(runs.map(isHeld))).toEqual([false, true, true]);
    const job = await nextJob();
    expect(job.runId).toBe(runs[0]);
    expect(await fixture.claim()).toBeNull();
    expect(await fixture.statuses(runs[1] ?? '')).toEqual({ ship: 'queued', tell: 'queued' });
    await fixture.complete(job);
    await fixture.complete(await nextJob());
    for (const run of runs.slice(1)) await runOne(run);
    expect(await Promise.all(runs.map((run) => fixture.runState(run)))).toEqual(['success', 'success', 'success']);
  });

  it('exists for each value of its name, and is shared by workflows that use the name', async () => {
    const one = await fixture.define(deploy('"deploy-${{ inputs.target }}"'));
    const other = await fixture.define(deploy('deploy-staging'));
    const staging = await start(one, { target: 'staging' });
    const production = await start(one, { target: 'production' });
    const third = await start(other);
    expect(await Promise.all([staging, production, third].map(isHeld))).toEqual([false, false, true]);
  });

  it('has as many places as the requesting run says', async () => {
    const two = await fixture.define(deploy('{ group: deploy, max: 2 }'));
    const three = await fixture.define(deploy('{ group: deploy, max: 3 }'));
    const runs = [await start(two), await start(two), await start(two), await start(three)];
    // The last would fit, but another is ahead of it.
    expect(await Promise.all(runs.map(isHeld))).toEqual([false, false, true, true]);
    await fixture.cancel(runs[2] ?? '');
    expect(await isHeld(runs[3] ?? '')).toBe(false);
  });

  it('passes the place of a failed or cancelled run to the next', async () => {
    const id = await fixture.define('{ concurrency: deploy, jobs: { ship: { run: x } } }');
    const runs = [await start(id), await start(id), await start(id)];
    await fixture.fail(await nextJob());
    await fixture.cancel(runs[1] ?? '');
    const job = await nextJob();
    expect(job.runId).toBe(runs[2]);
  });

  it('passes the place of a run whose worker was lost to the next', async () => {
    const id = await fixture.define('{ concurrency: deploy, jobs: { ship: { run: x } } }');
    const runs = [await start(id), await start(id)];
    await nextJob();
    await fixture.environment.advance(31_000);
    expect(await fixture.runState(runs[0] ?? '')).toBe('failure');
    expect((await nextJob()).runId).toBe(runs[1]);
  });

  it('ends a cancelled waiting run immediately, including its clean-up jobs', async () => {
    const id = await fixture.define(deploy('deploy'));
    await start(id);
    const waiting = await start(id);
    await fixture.cancel(waiting);
    expect(await fixture.statuses(waiting)).toEqual({ ship: 'cancelled', tell: 'cancelled' });
    expect(await fixture.runState(waiting)).toBe('cancelled');
  });

  it('holds a run with more jobs than one transaction creates, and then runs all of it', async () => {
    const jobs = Array.from({ length: 2_500 }, (_, at) => `    j${at}: { run: x }`).join('\n');
    const large = await fixture.define(`  concurrency: deploy\n  jobs:\n${jobs}\n`);
    const small = await fixture.define('{ concurrency: deploy, jobs: { ship: { run: x } } }');
    await start(small);
    const run = await start(large);
    expect(await isHeld(run)).toBe(true);
    const first = await nextJob();
    expect(await fixture.claim()).toBeNull();
    await fixture.complete(first);
    await soon(
      async () => Object.values(await fixture.statuses(run)).length === 2_500 && (await fixture.claim()) !== null,
    );
    await fixture.cancel(run);
  });

  it('recounts its places for the queue: a server of an older version ends runs without releasing their places', async () => {
    const id = await fixture.define('{ concurrency: deploy, jobs: { ship: { run: x } } }');
    const only = await fixture.define(
      '{ concurrency: { group: only, queue: none }, jobs: { lone: { run: x, labels: [lone] } } }',
    );
    await start(id);
    const waiting = await start(id);
    await fixture.complete(await nextJob());
    await fixture.complete(await nextJob());
    expect(await fixture.runState(waiting)).toBe('success');
    const later = await start(id);
    await fixture.complete(await nextJob());
    expect(await fixture.runState(later)).toBe('success');
    await start(only);
    await fixture.complete(await fixture.claimed({ labels: ['lone'] }));
    await fixture.store.transact(async (connection) => {
      await connection.query('update gates set in_use = 1', []);
    });
    await start(only);
    const next = await start(id);
    expect(await isHeld(next)).toBe(true);
    await fixture.environment.advance(90_000);
    expect(await isHeld(next)).toBe(false);
    expect((await nextJob()).runId).toBe(next);
  });

  it('refuses a run with more jobs than one transaction creates, and leaves nothing of it', async () => {
    const jobs = Array.from({ length: 2_500 }, (_, at) => `    j${at}: { run: x }`).join('\n');
    const large = await fixture.define(`  concurrency: { group: deploy, queue: none }\n  jobs:\n${jobs}\n`);
    const first = await start(await fixture.define('{ concurrency: deploy, jobs: { ship: { run: x } } }'));
    await expect(start(large)).rejects.toMatchObject({ code: 'group_full' });
    expect((await fixture.engine.workflowStatus(large)).run).toBeNull();
    const rows = await fixture.store.read.query(
      'select (select count(*) from runs) as runs, (select count(*) from jobs) as jobs',
      [],
    );
    expect(rows.map(Object.values)).toEqual([[1, 1]]);
    expect(await isHeld(first)).toBe(false);
  });

  it('is deleted with the last of its runs when they are pruned', async () => {
    const id = await fixture.define(deploy('"deploy-${{ inputs.target }}"'));
    for (const target of ['staging', 'production']) await runOne(await start(id, { target }));
    await fixture.environment.advance(60_000);
    const before = { runsMs: fixture.environment.now(), logsMs: 0 };
    const prune = () => fixture.store.transact((connection) => pruneStep(connection, before));
    while ((await prune()).more);
    const gates = await fixture.store.read.query('select key from gates', []);
    // The newest run of a workflow is kept, and so is its gate.
    expect(gates).toEqual([{ key: 'run:deploy-production' }]);
  });

  it('keeps the waiting runs and their order across a restart', async () => {
    const id = await fixture.define('{ concurrency: deploy, jobs: { ship: { run: x } } }');
    const runs = [await start(id), await start(id), await start(id)];
    await fixture.restart();
    await fixture.environment.advance(60_000);
    expect(await Promise.all(runs.map(isHeld))).toEqual([false, true, true]);
    for (const run of runs) {
      const job = await nextJob();
      expect(job.runId).toBe(run);
      await fixture.complete(job);
    }
  });
});

describe('the queue of a group', () => {
  const refusal = async (id: string): Promise<DomainError> =>
    start(id).then(
      () => expect.fail('it was not refused'),
      (error: DomainError) => error,
    );

  it('none: refuses a start, names the run that has the place, and leaves nothing of it', async () => {
    const id = await fixture.define(deploy('{ group: deploy, queue: none }'));
    const first = await start(id);
    const error = await refusal(id);
    expect([error.code, error.message]).toEqual(['group_full', expect.stringContaining(first)]);
    expect((await fixture.engine.workflowStatus(id)).run?.runId).toBe(first);
    await runOne(first);
    await start(id);
  });

  it('a number: refuses the first start that would wait beyond it', async () => {
    const id = await fixture.define(deploy('{ group: deploy, queue: 2 }'));
    for (let run = 0; run < 3; run += 1) await start(id);
    expect(await refusal(id)).toMatchObject({ code: 'group_queue_full', message: expect.stringContaining('"deploy"') });
  });

  it('newest: a new run replaces the waiting ones, which name it as the reason', async () => {
    const id = await fixture.define(deploy('{ group: deploy, queue: newest }'));
    const [running, waiting, newest] = [await start(id), await start(id), await start(id)];
    await soon(async () => (await fixture.runState(waiting)) === 'cancelled');
    expect(await fixture.runState(running)).toBe('queued');
    const { reasons } = await fixture.engine.explainJob(waiting, 'ship');
    expect(reasons[0]?.reason).toMatchObject({ code: 'superseded', byRunId: newest });
    await runOne(running);
    await runOne(newest);
  });

  it('cancel-in-progress: cancels the active run, waits for its clean-up, and then starts', async () => {
    const id = await fixture.define(deploy('{ group: deploy, cancel-in-progress: true }'));
    const old = await start(id);
    const ship = await nextJob();
    const fresh = await start(id);
    await soon(async () => (await fixture.statuses(old)).ship === 'cancelled');
    expect(await isHeld(fresh)).toBe(true);
    await fixture.fail(ship).catch(() => {});
    const cleanup = await nextJob();
    expect([cleanup.runId, cleanup.jobKey]).toEqual([old, 'tell']);
    expect(await isHeld(fresh)).toBe(true);
    await fixture.complete(cleanup);
    await runOne(fresh);
    expect(await fixture.runState(old)).toBe('cancelled');
  });
});

describe('a re-run in a group', () => {
  const rerun = (id: string): Promise<RerunAnswer> =>
    fixture.engine.rerunRun({
      caller: fixture.caller,
      id,
      failed: true,
      jobs: [],
      dependants: true,
      force: false,
      requestId: null,
      dryRun: false,
    });

  it('requests a place again, and waits behind the waiting runs', async () => {
    const id = await fixture.define('{ concurrency: deploy, jobs: { ship: { run: x } } }');
    const failed = await start(id);
    await fixture.fail(await nextJob());
    const [second, third] = [await start(id), await start(id)];
    await fixture.environment.advance(10);
    await rerun(failed);
    expect(await isHeld(failed)).toBe(true);
    for (const run of [second, third, failed]) {
      const job = await nextJob();
      expect(job.runId).toBe(run);
      await fixture.complete(job);
    }
    expect(await fixture.runState(failed)).toBe('success');
  });

  it('starts immediately if a place is free', async () => {
    const id = await fixture.define('{ concurrency: deploy, jobs: { ship: { run: x } } }');
    const failed = await start(id);
    await fixture.fail(await nextJob());
    await rerun(failed);
    expect((await nextJob()).runId).toBe(failed);
    expect(await isHeld(await start(id))).toBe(true);
  });
});

describe('why a run waits', () => {
  it('names the group, the runs with a place and since when, and how many runs wait ahead', async () => {
    const id = await fixture.define(deploy('{ group: deploy, max: 1 }'), 'ship-it');
    const [holder, , waiting] = [await start(id), await start(id), await start(id)];
    await fixture.environment.advance(90_000);
    const { reasons } = await fixture.engine.explainJob(waiting, 'tell');
    expect(reasons[0]?.reason).toMatchObject({
      code: 'held_by_group',
      group: 'deploy',
      max: 1,
      inUse: 1,
      before: 1,
      holders: [{ runId: holder, workflowId: 'ship-it' }],
    });
    expect(reasons[0]?.sentence).toBe(
      `Its run has waited for 1 min 30 s for a place in group "deploy" (1 at a time): run ${holder} of "ship-it" has had it for 1 min 30 s, and 1 run waits before it.`,
    );
  });

  it('lists the groups in use by name prefix, with active and waiting runs', async () => {
    const id = await fixture.define(deploy('"deploy-${{ inputs.target }}"'));
    const [staging, waiting] = [await start(id), await start(id)];
    await start(id, { target: 'production' });
    const page = await fixture.engine.listGates({ prefix: 'deploy-s', limit: 10, pageToken: '' });
    expect(page.gates).toMatchObject([
      {
        group: 'deploy-staging',
        inUse: 1,
        holders: [{ runId: staging }],
        waiting: [{ runId: waiting }],
        waitingTotal: 1,
      },
    ]);
    const first = await fixture.engine.listGates({ prefix: '', limit: 1, pageToken: '' });
    expect(first.gates.map(({ group }) => group)).toEqual(['deploy-production']);
    const second = await fixture.engine.listGates({ prefix: '', limit: 1, pageToken: first.nextPageToken });
    expect([second.gates.map(({ group }) => group), second.nextPageToken]).toEqual([['deploy-staging'], '']);
  });
});

describe('a group whose name has no value', () => {
  it('refuses the start, and names the place in the file', async () => {
    const id = await fixture.define(`
      concurrency: "\${{ inputs.target }}"
      inputs: { target: {} }
      jobs: { ship: { run: x } }
    `);
    await expect(start(id)).rejects.toMatchObject({
      code: 'invalid_inputs',
      problems: [{ field: 'concurrency.group', message: 'concurrency.group: the name of the group is empty' }],
    });
    await expect(start(id, { target: 'x'.repeat(201) })).rejects.toMatchObject({ code: 'invalid_inputs' });
    await start(id, { target: 'x'.repeat(200) });
  });
});
