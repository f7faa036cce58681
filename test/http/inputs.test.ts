import { expect, onTestFinished, test } from 'vitest';
import { ServerHere } from '../support/running-server.js';

const file = `
inputs:
  replicas: { type: number, required: true }
  dry_run: { type: boolean }
  regions: { type: json }
  note:
jobs: { a: { run: x } }
`;

async function serve() {
  const server = await new ServerHere().start();
  onTestFinished(() => server.end());
  return server.url;
}

async function created(url: string, definition: string): Promise<string> {
  const answer = await fetch(`${url}/api/workflows`, {
    method: 'POST',
    headers: { 'content-type': 'application/yaml' },
    body: definition,
  });
  return ((await answer.json()) as { id: string }).id;
}

async function start(url: string, id: string, body: unknown) {
  const answer = await fetch(`${url}/api/workflows/${id}/run`, { method: 'POST', body: JSON.stringify(body) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function inputsOf(url: string, { body }: { body: Record<string, unknown> }) {
  return ((await (await fetch(`${url}/api/workflows/${body.run_id}/status`)).json()) as { inputs: unknown }).inputs;
}

test('inputs may be any JSON on the documented path, and null means absent', async () => {
  const url = await serve();
  const id = await created(url, file);
  const inputs = { replicas: 3, dry_run: false, regions: ['eu', { a: null }], note: null };
  const started = await start(url, id, { inputs });
  expect(started.status).toBe(202);
  expect(await inputsOf(url, started)).toEqual({ replicas: '3', dry_run: 'false', regions: '["eu",{"a":null}]' });
  const undeclared = await start(url, await created(url, 'jobs: { a: { run: x } }'), { inputs: { n: 1.5 }, input: {} });
  expect([undeclared.status, await inputsOf(url, undeclared)]).toEqual([202, { n: '1.5' }]);
});

test('invalid inputs and unknown fields are all reported with 422 invalid_inputs', async () => {
  const url = await serve();
  const id = await created(url, file);
  const { status, body } = await start(url, id, { input: { replicas: 3 }, inputs: { dry_run: 'maybe', x: {} } });
  expect(status).toBe(422);
  expect(body).toMatchObject({ code: 'invalid_inputs' });
  expect((body.details as { field: string }[]).map(({ field }) => field)).toEqual([
    'input',
    'inputs.x',
    'inputs.replicas',
    'inputs.dry_run',
  ]);
  const deep = await start(url, id, { inputs: { replicas: 1, regions: JSON.parse('['.repeat(65) + ']'.repeat(65)) } });
  expect([deep.status, deep.body.code]).toEqual([422, 'invalid_inputs']);
});

test('the declarations are available for forms', async () => {
  const url = await serve();
  const answer = await fetch(`${url}/api/workflows/${await created(url, file)}/inputs`);
  const { declared, inputs } = (await answer.json()) as { declared: boolean; inputs: object[] };
  expect(declared).toBe(true);
  expect(inputs[0]).toEqual({
    name: 'replicas',
    type: 'number',
    description: null,
    required: true,
    default: null,
    default_expression: null,
    options: [],
    min: null,
    max: null,
    integer: false,
    max_length: null,
  });
  expect((await fetch(`${url}/api/workflows/nope/inputs`)).status).toBe(404);
});
