import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { states } from '../support/api.js';
import { runProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

interface Gate {
  readonly kind: string;
  readonly group: string;
  readonly in_use: number;
  readonly holders: readonly { readonly run_id: string; readonly job_id: string }[];
  readonly waiting: readonly { readonly run_id: string; readonly job_id: string }[];
}

const regions = ['africa', 'asia', 'eu', 'us'];

test('jobs of a group of two run two at a time on real workers, even if the server is killed in between', async () => {
  const folder = temporaryFolder();
  const server = await startServerProcess();
  const api = server.api();
  // Each job signals its start and ends when the test allows it.
  const script = `touch "${folder}/$REGION.runs" && until [ -e "${folder}/$REGION.ends" ]; do sleep 0.1; done; rm "${folder}/$REGION.runs"`;
  const deployment = (region: string) => ({
    run: script,
    env: { REGION: region },
    concurrency: { group: 'deploy-regions', max: 2 },
  });
  const jobs = Object.fromEntries(regions.map((region) => [region, deployment(region)]));
  await startWorkerProcess(server, { slots: 8 });
  const run = await api.start({ name: 'two at a time', jobs });
  const running = () => readdirSync(folder).filter((name) => name.endsWith('.runs'));

  await until('two run', async () => running().length === 2);
  const gate = async (): Promise<Gate | undefined> =>
    ((await api.get('/api/gates?prefix=deploy-')).body as { gates: readonly Gate[] }).gates[0];
  expect(await gate()).toMatchObject({
    kind: 'jobs',
    group: 'deploy-regions',
    in_use: 2,
    holders: [{ job_id: 'africa' }, { job_id: 'asia' }],
    waiting: [{ job_id: 'eu' }, { job_id: 'us' }],
  });
  const why = await runProgram(['why', run, 'us', '--server', api.url]);
  expect(why.stdout).toContain('for a place in group "deploy-regions" (2 at a time)');
  const listed = await runProgram(['gates', '--server', api.url, '--full-ids']);
  expect(listed.stdout).toContain(`eu of ${run}`);
  const status = await runProgram(['status', run, '--server', api.url]);
  expect(status.stdout).toContain('waits for a place');

  await server.kill();
  await server.start();
  for (const region of regions) {
    await until(`${region} runs`, async () => running().includes(`${region}.runs`));
    expect(running().length).toBeLessThanOrEqual(2);
    expect((await gate())?.in_use).toBeLessThanOrEqual(2);
    writeFileSync(join(folder, `${region}.ends`), '');
  }
  expect(states(await api.ended(run))).toEqual(Object.fromEntries(regions.map((region) => [region, 'success'])));
  expect(await gate()).toBeUndefined();
});

test('the example of a deployment of two regions at a time runs as printed', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const file = 'examples/workflows/deploy-two-at-a-time.yml';
  writeFileSync(join(server.workflowsDir, 'deploy.yml'), readFileSync(new URL(`../../${file}`, import.meta.url)));
  await server.logged(/^workflow "deploy" is new$/);
  const run = await api.run('deploy');
  const build = await api.claimed('by-hand');
  await api.complete(build, { version: '1' });
  for (const pair of [
    ['eu', 'us'],
    ['asia', 'africa'],
  ]) {
    const claims = [await api.claimed('by-hand'), await api.claimed('by-hand')];
    expect(claims.map(({ job }) => job.job_id)).toEqual(pair);
    expect(await api.claim('by-hand')).toBeNull();
    for (const claim of claims) await api.complete(claim);
  }
  await startWorkerProcess(server);
  expect((await api.ended(run)).state).toBe('success');
});

test('children of a job with max-parallel run that many at a time on real workers, even if the server is killed in between', async () => {
  const folder = temporaryFolder();
  const server = await startServerProcess();
  const api = server.api();
  const run = await api.start({
    name: 'a matrix, two at a time',
    jobs: {
      shard: {
        strategy: { matrix: { n: [0, 1, 2, 3, 4] }, 'max-parallel': 2 },
        run: `touch "${folder}/$MATRIX_N.runs" && until [ -e "${folder}/$MATRIX_N.ends" ]; do sleep 0.1; done; rm "${folder}/$MATRIX_N.runs"`,
      },
    },
  });
  await startWorkerProcess(server, { slots: 8 });
  const running = () => readdirSync(folder).filter((name) => name.endsWith('.runs'));
  await until('two run', async () => running().length === 2);
  const why = await runProgram(['why', run, 'shard.4', '--server', api.url]);
  expect(why.stdout).toContain('for "max-parallel: 2": 2 children of job "shard" are claimable or running');

  await server.kill();
  await server.start();
  for (let n = 0; n < 5; n += 1) {
    await until(`child ${n} runs`, async () => running().includes(`${n}.runs`));
    expect(running().length).toBeLessThanOrEqual(2);
    writeFileSync(join(folder, `${n}.ends`), '');
  }
  expect(states(await api.ended(run))).toEqual({ shard: 'success' });
});
