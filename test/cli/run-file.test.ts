import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workflow } from '@workflow-graph/client';
import { expect, test, vi } from 'vitest';
import { allGone } from '../support/processes.js';
import { startProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

vi.setConfig({ testTimeout: 120_000 });

/** A folder with a workflow file and a folder for temporary files, to detect leftovers. */
function fileOf(text: string, name = 'job.yml') {
  const folder = temporaryFolder();
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  writeFileSync(join(folder, name), text);
  return {
    folder,
    temporary,
    start: (...args: string[]) =>
      startProgram(['run', `./${name}`, ...args], { cwd: folder, env: { TMPDIR: temporary } }),
  };
}

test('a file runs locally to its end, with outputs, inputs and every label, and leaves nothing behind', async () => {
  const { start, temporary, folder } = fileOf(`name: Make
on: manual
jobs:
  build:
    labels: [gpu, moon]
    run: |
      pwd
      echo "in $INPUT_TARGET by $WORKFLOW_GRAPH_WORKFLOW"
      [ -z "$WORKFLOW_GRAPH_TOKEN" ] && echo "no token"
      echo "::set-output v=1.2"
  use: { needs: build, run: 'echo "got $NEEDS_BUILD_V"' }
`);
  const program = start('--input', 'target=moon');
  expect(await program.ended).toMatchObject({ code: 0 });
  expect(program.stderr).toBe('');
  expect(program.stdout).toContain(`build | ${folder}`);
  expect(program.stdout).toContain('build | in moon by job\nbuild | no token\n');
  expect(program.stdout).toContain('use   | got 1.2\n');
  expect(program.stdout).toMatch(/✓ use: success after [\d.]+s\n✓ Make: success after [\d.]+s \(2 success\)\n$/);
  expect(readdirSync(temporary)).toEqual([]);
});

test('a failed run exits with 1 and prints the last output of its jobs', async () => {
  const { start } = fileOf('jobs: { a: { run: "echo before; echo broken >&2; exit 7" }, b: { run: x, needs: a } }');
  const program = start('--no-logs');
  expect(await program.ended).toMatchObject({ code: 1 });
  expect(program.stdout).toMatch(/✗ a: .*\n(a \| .*\n)*a \| broken\n/);
  expect(program.stdout).toMatch(/✗ .*: failure after .* \(1 failure, 1 skipped\)\n$/);

  const json = start('--json');
  expect(await json.ended).toMatchObject({ code: 1 });
  expect(JSON.parse(json.stdout) as Workflow).toMatchObject({ state: 'failure', workflow: 'job' });
});

test('an invalid file is reported with locations, and a missing one by name', async () => {
  const { start, folder } = fileOf('jobs:\n  a: { run: x, needs: b }\n  c: { runs: x }\n');
  const program = start();
  expect(await program.ended).toMatchObject({ code: 6 });
  expect(program.stderr).toMatch(/^\.\/job\.yml:2:\d+: .*"b"[\s\S]*\.\/job\.yml:3:\d+: .*runs/);
  const missing = startProgram(['run', 'nowhere.yml'], { cwd: folder });
  expect(await missing.ended).toMatchObject({ code: 5 });
});

test('--jobs limits the number of concurrent jobs', async () => {
  const { start, folder } = fileOf(`jobs:
${['a', 'b', 'c', 'd'].map((id) => `  ${id}: { run: "echo +; sleep 0.3; echo - " }`).join('\n')}
`);
  const levels = async (jobs: string) => {
    const program = start('--jobs', jobs, '--json');
    await program.ended;
    const { jobs: ran } = JSON.parse(program.stdout) as Workflow;
    const times = ran.map(({ started_at, ended_at }) => ({ from: started_at ?? 0, to: ended_at ?? 0 }));
    return Math.max(...times.map(({ from }) => times.filter((other) => other.from <= from && other.to > from).length));
  };
  expect(existsSync(folder)).toBe(true);
  expect(await levels('1')).toBe(1);
  expect(await levels('4')).toBeGreaterThan(1);
});

test('a first Ctrl-C cancels the run and lets clean-up run, a second one kills everything', async () => {
  const yaml = (cleanUp: string) => `jobs:
  hold: { run: "echo $$ > hold.pid; exec sleep 600" }
  clean-up: { needs: hold, if: always(), run: "echo $$ > clean.pid; ${cleanUp}" }
`;
  const polite = fileOf(yaml('echo cleaned'));
  const program = polite.start();
  const pid = await until('the job runs', () => pidIn(join(polite.folder, 'hold.pid')));
  program.signal('SIGINT');
  expect(await program.ended).toMatchObject({ code: 130 });
  expect(program.stderr).toContain('Cancelling; press Ctrl-C again to kill everything at once.');
  expect(program.stdout).toContain('clean-up | cleaned\n');
  expect(program.stdout).toMatch(/: cancelled after /);
  await allGone([pid]);

  const impolite = fileOf(yaml('exec sleep 600'));
  const second = impolite.start();
  await until('the job runs', () => pidIn(join(impolite.folder, 'hold.pid')));
  second.signal('SIGINT');
  const cleaning = await until('the clean-up runs', () => pidIn(join(impolite.folder, 'clean.pid')));
  second.signal('SIGINT');
  expect(await second.ended).toMatchObject({ code: 130 });
  await allGone([cleaning]);
  expect(readdirSync(impolite.temporary).filter((name) => name.startsWith('workflow-graph-run-'))).toEqual([]);
});

test('a killed program takes its jobs with it, including those that left their process group', async () => {
  const { start, folder } = fileOf(`jobs:
  quick: { run: "true" }
  hold: { needs: quick, run: "setsid sh -c 'echo $$ > away.pid; exec sleep 600' & echo $PPID > parent.pid; echo $$ > hold.pid; exec sleep 600" }
  stubborn: { needs: quick, run: "trap 'echo asked > asked' TERM; echo $$ > stubborn.pid; while :; do sleep 1; done" }
`);
  const program = start('--jobs', '2');
  const pids = ['hold', 'away', 'stubborn'].map((name) =>
    until(`${name} runs`, () => pidIn(join(folder, `${name}.pid`))),
  );
  const jobs = await Promise.all(pids);
  expect(pidIn(join(folder, 'parent.pid'))).toBe(program.pid);
  program.signal('SIGKILL');
  await allGone(jobs);
  expect(existsSync(join(folder, 'asked'))).toBe(true);
});

test('with --server a file is sent to that server; the environment variable alone keeps it local', async () => {
  const server = await startServerProcess();
  await startWorkerProcess(server, { id: 'w-1' });
  const { folder } = fileOf('name: Sent\njobs: { a: { run: "echo on $WORKFLOW_GRAPH_WORKER_ID" } }');
  const sent = startProgram(['run', 'job.yml', '--server', server.url, '--watch'], { cwd: folder });
  expect(await sent.ended).toMatchObject({ code: 0 });
  expect(sent.stdout).toMatch(/started on w-1/);
  expect(await server.api().get('/api/runs')).toMatchObject({ body: { runs: [{ name: 'Sent', state: 'success' }] } });

  const here = startProgram(['run', 'job.yml'], { cwd: folder, env: { SERVER_URL: server.url } });
  expect(await here.ended).toMatchObject({ code: 0 });
  const local = startProgram(['run', 'job.yml', '--local', '--server', server.url], { cwd: folder });
  expect(await local.ended).toMatchObject({ code: 0 });
  expect((await server.api().get('/api/runs')).body).toMatchObject({ runs: [{ name: 'Sent' }] });
  expect(((await server.api().get('/api/runs')).body as { runs: unknown[] }).runs).toHaveLength(1);
});

test.each([
  [['run', 'ci', '--local'], '--local needs the path of a workflow file'],
  [['run', 'ci', '--jobs', '2'], '--jobs is for a file that runs on this machine'],
  [['run', 'ci.yml', '--jobs', '0'], 'It must be a whole number from 1 to 1000.'],
  [['run', 'ci', '--input', 'novalue'], 'Write it as key=value.'],
  [['logs', 'ci', '--raw'], '--attempt and --raw need a job'],
])('%j is a usage error', async (args, message) => {
  const program = startProgram(args);
  expect(await program.ended).toMatchObject({ code: 2 });
  expect(program.stderr).toContain(message);
});

function pidIn(file: string): number | null {
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return pid > 0 ? pid : null;
}
