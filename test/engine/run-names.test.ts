import { afterEach, beforeEach, expect, it } from 'vitest';
import { insertToken } from '../../src/store/statements/tokens.js';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const nameOf = async (run: string) => (await fixture.engine.workflowStatus(run)).run?.runName;

async function tokenNamed(name: string): Promise<string> {
  const id = `id-of-${name}`;
  const token = { id, name, hash: id, scopes: '["submit"]', labels: null, created_at_ms: 1 };
  await fixture.store.transact((connection) =>
    insertToken.run(connection, { ...token, expires_at_ms: null, revoked_at_ms: null, only_labelled: 0 }),
  );
  return id;
}

it('a run has the name that its workflow declares, made of its inputs and its origin', async () => {
  const yaml = `
    name: Deploy
    run-name: Deploy \${{ inputs.target }} by \${{ default(run.started_by, 'nobody') }}, no. \${{ run.generation }}
    inputs: { target: { default: staging } }
    jobs: { a: { run: x } }
  `;
  const id = await fixture.define(yaml);
  const credential = await tokenNamed('anna');
  const caller = { ...fixture.caller, credential };
  const inputs = new Map([['target', 'production']]);
  const { runId } = await fixture.engine.startRun({ caller, id, inputs, requestId: null });
  expect(await nameOf(runId)).toBe('Deploy production by anna, no. 1');
  expect(await nameOf((await fixture.startRun(id)).runId)).toBe('Deploy staging by nobody, no. 1');
  expect((await fixture.engine.workflowStatus(runId)).run?.name).toBe('Deploy');
});

it('a name without expressions applies to every run, and a workflow without one leaves runs unnamed', async () => {
  expect(await nameOf(await fixture.run('run-name: Nightly $${{ x\njobs: { a: { run: x } }'))).toBe('Nightly ${{ x');
  expect(await nameOf(await fixture.run('jobs: { a: { run: x } }'))).toBeNull();
});

it('a name is one line of at most 200 characters', async () => {
  const id = await fixture.define(`run-name: "\${{ inputs.note }}"\njobs: { a: { run: x } }`);
  expect(await nameOf((await fixture.startRun(id, { note: 'two\nlines' })).runId)).toBe('two lines');
  expect(await nameOf((await fixture.startRun(id, { note: 'x'.repeat(300) })).runId)).toBe(`${'x'.repeat(199)}…`);
  expect(await nameOf((await fixture.startRun(id, { note: '' })).runId)).toBeNull();
});

it('a name without a value does not prevent the start of a run, and is shown as written', async () => {
  const written = `\${{ fromJSON(inputs.note) }}`;
  const id = await fixture.define(`run-name: "${written}"\njobs: { a: { run: x } }`);
  expect(await nameOf((await fixture.startRun(id, { note: 'no JSON' })).runId)).toBe(written);
});

it('a run-name cannot use values that are unknown at the start, and the error has the place', async () => {
  const refused = (name: string) => fixture.define(`run-name: "\${{ ${name} }}"\njobs: { a: { run: x } }`);
  await expect(refused('needs.a.result')).rejects.toMatchObject({
    problems: [{ line: 1, column: 16, message: expect.stringContaining('"needs" has no value here') }],
  });
  await expect(refused('run.name')).rejects.toMatchObject({
    problems: [{ message: expect.stringMatching(/a run has .* and .*, not "name"/) }],
  });
});

it('jobs see the name of their run, the token that started it, and its generation, which a re-run increments', async () => {
  const id = await fixture.define(`
    run-name: Release \${{ inputs.version }}
    jobs:
      a: { run: x, env: { ABOUT: "\${{ run.name }} by \${{ run.started_by }}" } }
      b: { run: x, needs: a, if: "run.generation > 1 && run.started_by == 'anna'", env: { NO: "\${{ run.generation }}" } }
  `);
  const caller = { ...fixture.caller, credential: await tokenNamed('anna') };
  const { runId } = await fixture.engine.startRun({ caller, id, inputs: new Map([['version', '2']]), requestId: null });
  const a = await fixture.claimed();
  expect(a.spec.env).toEqual({ ABOUT: 'Release 2 by anna' });
  await fixture.complete(a);
  expect(await fixture.statuses(runId)).toMatchObject({ b: 'skipped' });
  const [why] = (await fixture.engine.explainJob(runId, 'b')).reasons;
  expect(why?.reason).toMatchObject({
    values: [{ value: true }, { text: 'run.generation', value: 1 }, { text: 'run.started_by', value: 'anna' }],
  });
  const again = { caller, id: runId, failed: false, jobs: ['b'], dependants: true, force: false, requestId: null };
  await fixture.engine.rerunRun({ ...again, dryRun: false });
  expect((await fixture.claimed()).spec.env).toEqual({ NO: '2' });
  expect(await nameOf(runId)).toBe('Release 2');
});

it('runs repeated by run id are each named by their workflow', async () => {
  const run = await fixture.run(`run-name: "\${{ inputs.note }}"\njobs: { a: { run: x } }`, { note: 'first' });
  expect(await nameOf((await fixture.startRun(run)).runId)).toBe('first');
});
