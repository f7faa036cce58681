// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { runQuery } from '../support/run-query.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const deploy = `
  inputs:
    dry_run: { type: boolean, default: false }
    replicas: { type: number, required: true }
    regions: { type: json }
  jobs:
    deploy: { run: x, if: '!inputs.dry_run && inputs.replicas > 2' }
    second: { run: x, if: "inputs.regions[1] == 'eu'" }
`;

describe('a workflow that declares inputs', () => {
  it('starts with the validated ones in canonical form and with defaults', async () => {
    const run = await fixture.run(deploy, { replicas: '3.0', regions: '[ "us", "eu" ]' });
    const job = await fixture.claimed();
    expect(job.inputs).toEqual(
      new Map([
        ['dry_run', 'false'],
        ['replicas', '3'],
        ['regions', '["us","eu"]'],
      ]),
    );
    expect(await fixture.statuses(run)).toEqual({ deploy: 'running', second: 'queued' });
  });

  it('takes defaults from variables, and the run keeps them', async () => {
    const { engine, caller } = fixture;
    await engine.setVariable({ caller, workflow: '', name: 'REGION', value: 'eu' });
    const file =
      'inputs: { region: { default: "${{ vars.REGION }}" } }\njobs: { a: { run: x, if: "inputs.region == vars.REGION" } }';
    const run = await fixture.run(file);
    await engine.setVariable({ caller, workflow: '', name: 'REGION', value: 'us' });
    expect((await fixture.claimed()).inputs).toEqual(new Map([['region', 'eu']]));
    expect((await engine.workflowStatus(run)).run?.inputs).toEqual(new Map([['region', 'eu']]));
    await engine.deleteVariable({ caller, workflow: '', name: 'REGION' });
    const other = await fixture.startRun('wf-1');
    expect((await engine.workflowStatus(other.runId)).run?.inputs).toEqual(new Map());
  });

  it('evaluates conditions on values of the declared types', async () => {
    const run = await fixture.run(deploy, { replicas: '3', dry_run: 'true' });
    expect(await fixture.statuses(run)).toEqual({ deploy: 'skipped', second: 'skipped' });
    const explained = await fixture.engine.explainJob(run, 'deploy');
    expect(explained.reasons[0]?.reason).toMatchObject({
      code: 'condition_false',
      values: [
        { text: 'success()', value: true },
        { text: 'inputs.dry_run', value: true },
        { text: 'inputs.replicas', value: 3 },
      ],
    });
  });

  it('is not started with invalid ones, and no trace of the call remains', async () => {
    const id = await fixture.define(deploy);
    const starting = fixture.engine.startRun({
      caller: fixture.caller,
      id,
      inputs: new Map([
        ['dry_run', 'no'],
        ['replica', '1'],
      ]),
      unknownFields: ['input'],
      requestId: null,
    });
    await expect(starting).rejects.toMatchObject({
      code: 'invalid_inputs',
      message: expect.stringContaining('(and 3 more)'),
      problems: [
        { field: 'input' },
        { field: 'inputs.replica' },
        { field: 'inputs.dry_run' },
        { field: 'inputs.replicas' },
      ],
    });
    expect((await fixture.engine.listRuns(runQuery())).runs).toEqual([]);
  });

  it('returns the run of a repeated request, whatever its inputs are then', async () => {
    const id = await fixture.define(deploy);
    const start = (inputs: Record<string, string>) =>
      fixture.engine.startRun({
        caller: fixture.caller,
        id,
        inputs: new Map(Object.entries(inputs)),
        requestId: 'request-of-sixteen',
      });
    const first = await start({ replicas: '1' });
    expect(await start({ replicas: 'many' })).toEqual(first);
  });

  it('returns its declarations, by its id and by those of its runs', async () => {
    const run = await fixture.run(deploy, { replicas: '1' });
    const inputs = await fixture.engine.workflowInputs(run.slice(0, 20));
    expect(inputs.workflowId).toBe('wf-1');
    expect(inputs.declarations?.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'dry_run: boolean',
      'replicas: number',
      'regions: json',
    ]);
    expect(await fixture.engine.workflowInputs('wf-1')).toEqual(inputs);
    await expect(fixture.engine.workflowInputs('nope')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a condition without a value', () => {
  it('fails its job without an attempt, and its dependents are decided', async () => {
    const run = await fixture.run(
      `
      jobs:
        a: { run: x, if: "fromJSON(inputs.list)[0] == 1" }
        b: { run: x, needs: a }
        c: { run: x, needs: a, if: failure() }
    `,
      { list: 'no json' },
    );
    expect(await fixture.statuses(run)).toEqual({ a: 'failure', b: 'skipped', c: 'queued' });
    const explained = await fixture.engine.explainJob(run, 'a');
    expect(explained.reasons.map(({ reason, sentence }) => [reason.code, sentence])).toEqual([
      [
        'expression_failed',
        'It failed without an attempt, because an expression of its definition has no value: if: fromJSON(): "no json" is not JSON.',
      ],
    ]);
    await fixture.complete(await fixture.claimed());
    expect(await fixture.runState(run)).toBe('failure');
    const view = await fixture.engine.workflowStatus(run);
    expect(view.jobs[0]).toMatchObject({ key: 'a', error: 'if: fromJSON(): "no json" is not JSON' });
  });
});
