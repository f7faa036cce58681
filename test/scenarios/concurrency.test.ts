// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

interface Gate {
  readonly group: string;
  readonly in_use: number;
  readonly holders: readonly { readonly run_id: string }[];
  readonly waiting: readonly { readonly run_id: string }[];
}

test('runs of a group run one after the other on real workers, even if the server is killed in between', async () => {
  const gateFolder = temporaryFolder();
  const server = await startServerProcess();
  const api = server.api();
  // Each run signals its start and ends when the test allows it. The folder would reveal two concurrent runs.
  const script = `mkdir "${gateFolder}/busy" && until [ -e "${gateFolder}/$RUN" ]; do sleep 0.1; done; rmdir "${gateFolder}/busy"`;
  const definition = {
    name: 'one at a time',
    concurrency: { group: 'deploy-${{ inputs.target }}' },
    inputs: { target: { default: 'staging' } },
    jobs: { ship: { run: script, env: { RUN: '${{ run.id }}' } } },
  };
  await startWorkerProcess(server, { slots: 4 });
  const first = await api.start(definition);
  const { workflow } = await api.status(first);
  const second = await api.run(workflow);
  const third = await api.run(workflow);
  const runs = [first, second, third];

  const gates = async (): Promise<readonly Gate[]> =>
    ((await api.get('/api/gates?prefix=deploy-')).body as { gates: readonly Gate[] }).gates;
  const [gate] = await gates();
  expect(gate).toMatchObject({ group: 'deploy-staging', in_use: 1, holders: [{ run_id: first }] });
  expect(gate?.waiting.map(({ run_id }) => run_id)).toEqual([second, third]);
  expect(await api.status(second)).toMatchObject({ state: 'queued', held: true, group: 'deploy-staging' });
  const why = await runProgram(['why', second, 'ship', '--server', api.url]);
  expect(why.stdout).toContain('for a place in group "deploy-staging" (1 at a time)');
  const listed = await runProgram(['gates', 'deploy-', '--server', api.url, '--full-ids']);
  expect(listed.stdout).toContain(first);

  await server.kill();
  await server.start();
  for (const run of runs) {
    await until(`${run} runs`, async () => (await api.job(run, 'ship')).status === 'running');
    const [now] = await gates();
    expect(now?.holders.map(({ run_id }) => run_id)).toEqual([run]);
    writeFileSync(join(gateFolder, run), '');
    expect((await api.ended(run)).state).toBe('success');
  }
  expect(await gates()).toEqual([]);
});
