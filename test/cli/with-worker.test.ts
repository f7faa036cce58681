import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@workflow-graph/client';
import { expect, test } from 'vitest';
import { startProgram } from '../support/program.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

test('the worker of a killed server lets its job finish', async () => {
  const { server, folder, client } = await startServer();
  await client.runWorkflow('job');
  await until('the job begins', () => existsSync(join(folder, 'begun')));
  const worker = workerOf(server.pid);
  server.signal('SIGKILL');
  await until('the job finishes', () => existsSync(join(folder, 'finished')));
  // It keeps trying to report for the duration of a drain.
  process.kill(worker, 'SIGKILL');
});

test('the worker of a killed server exits by itself when nothing runs', async () => {
  const { server } = await startServer();
  const worker = workerOf(server.pid);
  server.signal('SIGKILL');
  await until('the worker ends', () => !existsSync(`/proc/${worker}`));
});

test("no job of the worker finds a setting of the server, in its own environment or in the worker's", async () => {
  const { folder, client } = await startServer({
    INSECURE: 'false',
    ALLOWED_HOSTS: 'kept.from.jobs',
    OTHER: 'left.out',
  });
  const runId = await client.runWorkflow('show');
  expect((await client.wait(runId)).state).toBe('success');
  const shown = readFileSync(join(folder, 'shown'), 'utf8');
  expect(shown).toContain('PATH=');
  expect(shown).not.toMatch(/kept\.from\.jobs/);
  expect(readFileSync(join(folder, 'own'), 'utf8')).not.toMatch(/kept\.from\.jobs|left\.out/);
});

async function startServer(env: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder();
  const commands = {
    job: `touch ${folder}/begun; sleep 1; touch ${folder}/finished`,
    show: `env > ${folder}/own; tr '\\0' '\\n' < /proc/$PPID/environ > ${folder}/shown`,
  };
  for (const [id, run] of Object.entries(commands)) {
    writeFileSync(join(folder, `${id}.yml`), JSON.stringify({ jobs: { a: { run } } }));
  }
  const args = ['serve', '--with-worker', '--port', '0', '--data', join(folder, 'data'), '--workflows', folder];
  const server = startProgram(args, { env });
  await server.printed(/worker \S+ registered/);
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(server.stdout + server.stderr) ?? [];
  return { server, folder, client: new Client({ serverUrl: url ?? '' }) };
}

/** The process that a server started as its worker. */
function workerOf(server: number): number {
  const isWorker = (pid: string) => {
    try {
      const parent = Number(
        readFileSync(`/proc/${pid}/stat`, 'latin1')
          .replace(/^.*\) /, '')
          .split(' ')[1],
      );
      return parent === server && readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes('worker');
    } catch {
      return false;
    }
  };
  return Number(readdirSync('/proc').find((name) => /^\d+$/.test(name) && isWorker(name)));
}
