import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

it("a run id prefix is accepted wherever a run is expected, unless it is ambiguous or a workflow's id", async () => {
  const { engine, caller } = fixture;
  const id = await fixture.define('jobs: { a: { run: x } }');
  const { runId } = await fixture.startRun(id);
  const short = runId.slice(0, 13);
  expect(await engine.runOf(short)).toBe(runId);
  expect(await engine.runOf(short.toUpperCase())).toBe(runId);
  expect((await engine.workflowStatus(short)).id).toBe(runId);
  expect((await engine.explainJob(short, 'a')).runId).toBe(runId);
  expect(await engine.stopReasonOfJob(short, 'a')).toBeNull();
  expect(await engine.cancelRun({ caller, id: short, force: false, requestId: null })).toEqual({ runId });

  // Starting by the prefix starts that run's workflow again.
  await fixture.environment.advance(5);
  const { runId: again } = await fixture.startRun(short);
  expect((await engine.workflowStatus(again)).workflowId).toBe(id);

  const common = [...runId].findIndex((character, at) => character !== again[at]);
  for (const call of [engine.runOf, engine.workflowStatus]) {
    await expect(call(runId.slice(0, common))).rejects.toThrow(
      `begins the ids of several runs; give more characters: `,
    );
    await expect(call(runId.slice(0, 5))).rejects.toThrow('does not exist');
    await expect(call(`${runId.slice(0, 13)}%`)).rejects.toThrow('does not exist');
  }
  // A workflow with that id takes precedence.
  await fixture.define('jobs: { b: { run: x } }', short);
  expect((await engine.workflowStatus(short)).jobs.map(({ key }) => key)).toEqual(['b']);
});
