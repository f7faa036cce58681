import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { states } from '../support/api.js';
import { runProcess, startProcess } from '../support/program.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { passOverWithout, runs } from '../support/tools.js';
import { until } from '../support/until.js';

const folder = fileURLToPath(new URL('../../examples/workers/', import.meta.url));

interface Example {
  readonly name: string;
  readonly label: string;
  /** The Go worker sends no logs, so the server finds no outputs there. */
  readonly pushesLogs: boolean;
  /** Its report for a command that prints "no luck" on stderr and exits with 1. */
  readonly error: string;
  readonly needs: string;
  isHere(): boolean;
  command(): Promise<readonly [file: string, ...args: string[]]>;
}

const examples: readonly Example[] = [
  {
    name: 'Python',
    label: 'python',
    pushesLogs: true,
    error: 'no luck\n',
    needs: 'python3 with requests, or pip to install it',
    isHere: () => python() !== null,
    command: async () => [python() ?? '', join(folder, 'python/worker.py')],
  },
  {
    name: 'TypeScript',
    label: 'node',
    pushesLogs: true,
    error: 'Command failed: set -e\necho "no luck" >&2; exit 1\nno luck\n',
    needs: 'Node',
    isHere: () => true,
    command: async () => [process.execPath, join(folder, 'typescript/worker.ts')],
  },
  {
    name: 'Go',
    label: 'go',
    pushesLogs: false,
    error: 'no luck\n',
    needs: 'go',
    isHere: () => runs('go', 'version'),
    command: async () => {
      const binary = join(temporaryFolder(), 'worker');
      const built = await runProcess('go', ['build', '-o', binary, '.'], { cwd: join(folder, 'go') });
      expect(built.code, built.stderr).toBe(0);
      return [binary];
    },
  },
  {
    name: 'shell',
    label: 'shell',
    pushesLogs: true,
    error: 'no luck\n',
    needs: 'curl and awk',
    isHere: () => runs('curl', '--version') && runs('awk', 'BEGIN { exit 0 }'),
    command: async () => ['sh', join(folder, 'shell/worker.sh')],
  },
];

/** A Python that has `requests`: the machine's, or one in a virtual environment that later tests reuse. */
function python(): string | null {
  if (runs('python3', '-c', 'import requests')) return 'python3';
  const environment = join(tmpdir(), 'workflow-graph-test-python');
  const own = join(environment, 'bin/python');
  if (runs(own, '-c', 'import requests')) return own;
  if (!runs('python3', '-m', 'venv', environment)) return null;
  return runs(own, '-m', 'pip', 'install', '--quiet', 'requests') ? own : null;
}

test.for(examples)('the $name worker runs a workflow of several jobs to its end', async (example, context) => {
  passOverWithout(context, example.needs, example.isHere());
  await runWorkflow(example);
});

test.for(examples)(
  "the $name worker finishes its job after a hang-up, and does not pass on the server's address",
  async (example, context) => {
    passOverWithout(context, example.needs, example.isHere());
    const server = await startServerProcess();
    const api = server.api();
    const workdir = temporaryFolder();
    const [file, ...args] = await example.command();
    const worker = startProcess(file, args, {
      cwd: workdir,
      env: { SERVER_URL: server.url, POLL_INTERVAL_SECS: '0.05', PYTHONUNBUFFERED: '1' },
    });
    const command = 'touch began; while [ ! -e go ]; do sleep 0.05; done; test -z "$SERVER_URL"';
    const run = await api.start({ name: 'hung-up', jobs: { a: { run: command } } });
    await until('the job has begun', () => existsSync(join(workdir, 'began')));
    // A closing terminal sends the signal more than once.
    for (let count = 0; count < 3; count++) worker.signal('SIGHUP');
    writeFileSync(join(workdir, 'go'), '');
    expect((await api.ended(run)).state).toBe('success');
    expect(await worker.ended).toMatchObject({ signal: null });
  },
);

async function runWorkflow({ label, pushesLogs, error, ...example }: Example): Promise<void> {
  const server = await startServerProcess();
  const api = server.api();
  const workdir = temporaryFolder();
  mkdirSync(join(workdir, 'marks'));
  const [file, ...args] = await example.command();
  const worker = startProcess(file, args, {
    cwd: workdir,
    env: { SERVER_URL: server.url, POLL_INTERVAL_SECS: '0.05', PYTHONUNBUFFERED: '1' },
  });
  const { worker_id } = await until('the worker is registered', async () => (await api.workers())[0]);
  expect(await api.workers()).toMatchObject([{ labels: [label] }]);

  const odd = `"quotes", \\back\\slash, é\u{1f680}, $(echo tab):\t.`;
  const run = await api.start({
    name: 'several',
    jobs: {
      build: {
        labels: [label],
        run: 'echo building; echo "::set-output version=1.2.3"; echo "::set-output url=s3://b"',
      },
      odd: { labels: [label], needs: 'build', env: { ODD: odd }, run: 'printf "%s\\n" "$ODD" > odd; cat odd' },
      flaky: {
        labels: [label],
        needs: 'build',
        retries: 1,
        run: '[ -e marks/flaky ] || { touch marks/flaky; echo "not yet" >&2; exit 1; }',
      },
      never: { labels: [label], needs: 'build', run: 'echo "no luck" >&2; exit 1' },
      inspected: { labels: ['inspector'], needs: ['build', 'odd', 'flaky'], run: 'x' },
      skipped: { labels: [label], needs: 'never', run: 'true' },
      anyone: { needs: ['inspected', 'never'], if: 'always()', run: 'true' },
    },
  });

  // A job with a label that this worker lacks goes only to a worker that has it, with the outputs of its needs.
  const claim = await api.claimed('inspector', { labels: ['inspector'] });
  expect(claim.job).toMatchObject({ workflow_id: run, job_id: 'inspected' });
  const built = pushesLogs ? { version: '1.2.3', url: 's3://b' } : {};
  expect(claim.job.upstream_outputs).toEqual({ build: built, odd: {}, flaky: {} });
  await api.complete(claim);

  const ended = await api.ended(run);
  expect(ended.state).toBe('failure');
  expect(states(ended)).toEqual({
    build: 'success',
    odd: 'success',
    flaky: 'success',
    never: 'failure',
    inspected: 'success',
    skipped: 'skipped',
    anyone: 'success',
  });
  expect(await api.job(run, 'flaky')).toMatchObject({ attempt: 1, worker_id });
  expect(await api.job(run, 'never')).toMatchObject({ attempt: 0, output: error, worker_id });
  expect(await api.logText(run, 'odd')).toBe(pushesLogs ? `${odd}\n` : '');
  expect(await api.job(run, 'build')).toMatchObject({ outputs: built, worker_id });
  expect(worker.stdout.match(/Claimed: /g)).toHaveLength(6);
}
