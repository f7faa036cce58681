import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { mainFile, runProgram } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

vi.setConfig({ testTimeout: 300_000 });

/** The peak memory of a process, in bytes. */
const peakOf = (pid: number) =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

test.runIf(process.platform === 'linux')(
  'a slow reader gets everything that a job has printed, and the command does not buffer it in memory',
  async () => {
    const server = await startServerProcess();
    await startWorkerProcess(server, { id: 'w' });
    // Below the cap of a log; several times the memory that a command may take.
    const megabytes = 48;
    writeFileSync(
      join(server.workflowsDir, 'loud.yml'),
      `jobs: { loud: { run: "head -c ${megabytes * 750_000} /dev/urandom | base64" } }`,
    );
    await server.logged(/workflow "loud" is new/);
    const api = server.api();
    const id = await api.run('loud');
    await api.ended(id);

    const child = spawn(process.execPath, [mainFile, 'status', id, '--watch', '--logs'], {
      env: { PATH: process.env.PATH ?? '', SERVER_URL: server.url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    let bytes = 0;
    let tail = '';
    // Nothing is read until the command only waits for the reader.
    let cpu = -1;
    await until('the command waits', () => {
      const now = cpuOf(child.pid ?? 0);
      const isWaiting = now > 0 && now === cpu;
      cpu = now;
      return isWaiting;
    });
    const peak = peakOf(child.pid ?? 0);
    child.stdout.on('data', (data: Buffer) => {
      bytes += data.length;
      tail = (tail + data.toString('latin1')).slice(-500);
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(errors).toBe('');
    expect(code).toBe(0);
    expect(tail).toContain('success after');
    expect(bytes).toBeGreaterThan(megabytes * 1_000_000);
    expect(peak).toBeLessThan(200 * 1024 * 1024);
  },
);

function cpuOf(pid: number): number {
  const [, after = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const fields = after.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

test('without arguments the workflows folder is checked, directories are accepted, and doubtful files get a warning', async () => {
  const cwd = temporaryFolder();
  expect((await runProgram(['validate'], { cwd })).stderr).toContain('cannot be read');
  const { mkdirSync } = await import('node:fs');
  mkdirSync(join(cwd, 'workflows'));
  const empty = await runProgram(['validate'], { cwd });
  expect(empty).toMatchObject({
    code: 1,
    stderr: 'error: no workflow files (*.yml, *.yaml, *.json) in "workflows/"\n',
  });
  writeFileSync(join(cwd, 'workflows/ok.yml'), 'jobs: { a: { run: x } }');
  writeFileSync(join(cwd, 'workflows/label.yml'), 'jobs:\n  a:\n    run: x\n    labels: gpu,linux\n');
  writeFileSync(join(cwd, 'workflows/notes.txt'), 'no workflow');
  const warned = await runProgram(['validate'], { cwd });
  expect(warned).toMatchObject({ code: 0, stdout: 'workflows/label.yml: ok, 1 job\nworkflows/ok.yml: ok, 1 job\n' });
  expect(warned.stderr).toBe(
    'workflows/label.yml:4:13: warning: job "a": "gpu,linux" is one label with a comma in it, which WORKER_LABELS and ' +
      '--labels cannot give to a worker. For several labels write a list: [gpu, linux]\n',
  );
  const folder = join(cwd, 'more');
  mkdirSync(folder);
  const condition = (text: string) =>
    writeFileSync(join(folder, 'bad.yml'), `jobs:\n  x: { run: x }\n  y: { run: x, needs: x, if: "${text}" }\n`);
  condition('needs.x.result == success');
  const bad = await runProgram(['validate', folder, join(cwd, 'workflows/ok.yml')], { cwd });
  expect(bad.code).toBe(1);
  expect(bad.stderr).toContain(`expected "()" after "success"; to compare a result, put it in quotes: 'success'`);
  condition("x.result == 'success'");
  expect((await runProgram(['validate', folder])).stderr).toContain('unknown name "x", did you mean "needs.x.result"?');
  const json = JSON.parse((await runProgram(['validate', '--json'], { cwd })).stdout);
  expect(json[0]).toMatchObject({ file: 'workflows/label.yml', ok: true, warnings: [{ line: 4, job: 'a' }] });
});
