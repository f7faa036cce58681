import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { scaled } from '../support/machine.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const requestId = 'a-request-id-of-one-call';

async function cancelsOnRecord(): Promise<(string | null)[]> {
  const query = { limit: 100, pageToken: '', action: 'run.cancel_requested', subject: '' };
  return (await fixture.engine.listAudit(query)).events.map(({ data }) => data);
}

/** The types of a run's events, in order. */
async function eventsOf(run: string): Promise<string[]> {
  const types: string[] = [];
  for await (const batch of fixture.engine.watchRuns({ id: run, afterEvent: 0 }, AbortSignal.timeout(scaled(20_000)))) {
    types.push(...batch.events.map(({ type }) => type));
  }
  return types;
}

describe('a cancel', () => {
  it('with force starts no clean-up job of a large run, although the jobs that it needs are cancelled first', async () => {
    const needed = Array.from({ length: 2_000 }, (_, at) => `  j${at}: { run: x }`);
    const run = await fixture.run(`jobs:\n${needed.join('\n')}\n  clean: { run: x, needs: j0, if: always() }\n`);
    await fixture.cancel(run, { force: true });
    expect((await fixture.statuses(run)).clean).toBe('cancelled');
    const types = await eventsOf(run);
    expect(types.filter((type) => type === 'job.queued')).toHaveLength(2_000);
    expect(types.filter((type) => type === 'job.cancelled')).toHaveLength(2_001);
  });

  const withCleanUp = 'jobs: { a: { run: x }, clean: { run: x, needs: a, if: always() } }';

  it('changes and records nothing if repeated: clean-up jobs still run', async () => {
    const run = await fixture.run(withCleanUp);
    const a = await fixture.claimed();
    await fixture.cancel(run);
    await expect(fixture.fail(a)).rejects.toMatchObject({ reason: 'cancelled' });
    const clean = await fixture.claimed();
    expect(await fixture.cancel(run)).toEqual({ runId: run });
    expect((await fixture.engine.heartbeatLease(fixture.caller, clean.leaseId)).stop).toBeNull();
    await fixture.complete(clean);
    expect(await fixture.statuses(run)).toEqual({ a: 'cancelled', clean: 'success' });
    expect(await cancelsOnRecord()).toHaveLength(1);
  });

  it('ends clean-up jobs, running or not, if forced', async () => {
    const run = await fixture.run(withCleanUp);
    await fixture.cancel(run);
    const clean = await fixture.claimed();
    await fixture.cancel(run, { force: true });
    await fixture.cancel(run, { force: true });
    expect((await fixture.engine.heartbeatLease(fixture.caller, clean.leaseId)).stop?.reason).toBe('cancelled');
    expect(await fixture.statuses(run)).toEqual({ a: 'cancelled', clean: 'cancelled' });
    expect(await cancelsOnRecord()).toHaveLength(2);

    const atOnce = await fixture.run(withCleanUp);
    await fixture.cancel(atOnce, { force: true });
    expect(await fixture.statuses(atOnce)).toEqual({ a: 'cancelled', clean: 'cancelled' });
  });

  it.each([false, true])('of a run that has ended changes and records nothing (force: %s)', async (force) => {
    const run = await fixture.run('jobs: { a: { run: x } }');
    await fixture.complete(await fixture.claimed());
    const before = await eventsOf(run);
    expect(await fixture.cancel(run, { force })).toEqual({ runId: run });
    expect(await eventsOf(run)).toEqual(before);
    expect(before.at(-1)).toBe('run.success');
    expect(await cancelsOnRecord()).toEqual([]);
    expect(await fixture.runState(run)).toBe('success');
  });

  it('by a workflow refers to the same run when its request is repeated, even if a newer run has started', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    const { runId: first } = await fixture.startRun(id);
    expect(await fixture.cancel(id, { requestId })).toEqual({ runId: first });
    const { runId: second } = await fixture.startRun(id);
    expect(await fixture.cancel(id, { requestId })).toEqual({ runId: first });
    expect(await fixture.runState(second)).toBe('queued');
    expect(await fixture.cancel(id, { requestId, caller: { credential: 'another' } })).toEqual({ runId: second });
  });

  it('of a workflow without runs is not an error', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    expect(await fixture.cancel(id)).toEqual({ runId: '' });
    expect(await cancelsOnRecord()).toEqual([]);
    await expect(fixture.cancel('nothing')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a request id of a run', () => {
  const start = (id: string, credential: string | null = null) =>
    fixture.engine.startRun({ caller: { credential }, id, inputs: new Map(), requestId });

  it('is scoped to its workflow', async () => {
    const [a, b] = [await fixture.define('jobs: { a: { run: x } }'), await fixture.define('jobs: { b: { run: x } }')];
    const first = await start(a);
    const other = await start(b);
    expect(other).not.toEqual(first);
    expect((await fixture.engine.workflowStatus(other.runId)).workflowId).toBe(b);
    expect([await start(a), await start(b)]).toEqual([first, other]);
    // A run's id refers to that run's workflow.
    expect(await start(first.runId)).toEqual(first);
    // Also if they arrive in one turn.
    expect(await Promise.all([start(b), start(a), start(b)])).toEqual([other, first, other]);
  });

  it('is scoped to its caller', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    const [one, two] = [await start(id, 'one'), await start(id, 'two')];
    expect(two).not.toEqual(one);
    expect(await start(id, 'one')).toEqual(one);
  });

  it('still finds its run after the workflow is removed', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    const first = await start(id);
    // On a shared database a server removes only workflows of its own folder.
    await fixture.engine.removeMissingWorkflows([id]);
    await fixture.engine.removeMissingWorkflows([]);
    expect(await start(id)).toEqual(first);
    await expect(fixture.startRun(id)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('creating a workflow', () => {
  const create = (command: string, id: string | null = requestId, credential: string | null = null) =>
    fixture.engine.createWorkflow({
      caller: { credential },
      text: Buffer.from(JSON.stringify({ jobs: { a: { run: command } } })),
      format: 'json',
      requestId: id,
    });

  it('with a request id creates one, however often it is sent', async () => {
    const [first, again] = await Promise.all([create('x'), create('x')]);
    expect(again).toEqual(first);
    expect((await create('x')).id).toBe(first?.id);
    expect(first?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    await fixture.startRun(first?.id ?? '');
    expect((await create('x')).run?.state).toBe('queued');
    const query = { limit: 100, offset: 0, status: null, jobsMax: 100 };
    expect((await fixture.engine.listWorkflows(query)).workflows).toHaveLength(1);
  });

  it('with the request id of another definition is refused', async () => {
    const first = await create('x');
    await expect(create('y')).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(first.id) });
    expect((await fixture.engine.workflowStatus(first.id)).version).toBe(1);
  });

  it('without a request id, or as another caller, creates another', async () => {
    const ids = [
      await create('x', null),
      await create('x', null),
      await create('x'),
      await create('x', requestId, 'b'),
    ];
    expect(new Set(ids.map(({ id }) => id)).size).toBe(4);
  });
});
