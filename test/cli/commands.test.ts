import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobExplanation, RunPage, WorkerInfo, Workflow } from '@workflow-graph/client';
import { expect, test, vi } from 'vitest';
import { type ProgramOptions, startProgram } from '../support/program.js';
import { selfSigned } from '../support/self-signed.js';
import { type ServerProcess, startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { startWorkerProcess } from '../support/worker-process.js';

vi.setConfig({ testTimeout: 120_000 });

/** Runs a command to its end. */
async function run(args: readonly string[], options: ProgramOptions = {}) {
  const program = startProgram(args, options);
  const { code } = await program.ended;
  return { code, out: program.stdout, err: program.stderr };
}

/** Runs a command against a server. */
const at = (server: ServerProcess, ...args: string[]) => run(args, { env: { SERVER_URL: server.url } });

/** The JSON that a command prints when run against a server. */
async function jsonAt<T>(server: ServerProcess, ...args: string[]): Promise<T> {
  const { code, out, err } = await at(server, ...args, '--json');
  expect(err).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out) as T;
}

test('exit codes distinguish wrong usage, an unreachable server, a refusal and an unknown object', async () => {
  const server = await startServerProcess();
  const away = { env: { SERVER_URL: 'http://127.0.0.1:9' } };
  expect(await run(['runs', '--bad'])).toMatchObject({ code: 2, err: "error: unknown option '--bad'\n" });
  expect((await run(['runs', '--limit', '0'])).code).toBe(2);
  expect((await run(['runs', '--server', 'nonsense'])).code).toBe(2);
  expect((await run(['runs', '--token-file', '/nowhere'])).code).toBe(2);
  expect((await run([])).code).toBe(2);
  expect((await run(['status', '--help'])).code).toBe(0);

  const gone = await run(['runs'], away);
  expect(gone).toMatchObject({ code: 3, out: '' });
  expect(gone.err).toMatch(/no answer from http:\/\/127\.0\.0\.1:9 \(ECONNREFUSED\)\nIs the server running\?/);
  const goneJson = await run(['runs', '--json'], away);
  expect(JSON.parse(goneJson.err)).toMatchObject({ error: { code: 'server_away', status: null } });

  for (const args of [
    ['status', 'x'],
    ['cancel', 'x'],
    ['rerun', 'x'],
    ['logs', 'x', 'y'],
    ['why', 'x', 'y'],
    ['run', 'x'],
    ['runs', '--workflow', 'x'],
  ]) {
    expect(await at(server, ...args), args.join(' ')).toMatchObject({ code: 5, out: '' });
  }
  const missing = await at(server, 'why', 'x', 'y', '--json');
  expect(JSON.parse(missing.err)).toMatchObject({ error: { code: 'not_found', status: 404 } });

  const token = startProgram(['token', 'create', '--name', 't', '--scope', 'read', '--data', server.dataDir]);
  await token.ended;
  const file = join(temporaryFolder(), 'token');
  writeFileSync(file, token.stdout);
  await until('the token is required', async () => (await at(server, 'runs')).code === 4);
  const refused = (await at(server, 'runs')).err;
  expect(refused).toContain('Give a token with --token-file or WORKFLOW_GRAPH_TOKEN');
  // The suggested command works.
  const [, hint = ''] = /^ {2}workflow-graph (token create .*)$/m.exec(refused) ?? [];
  expect(await run([...hint.split(' '), '--data', join(temporaryFolder(), 'data')])).toMatchObject({
    code: 0,
    err: '',
  });
  expect((await at(server, 'runs', '--token-file', file)).code).toBe(0);
  const env = { SERVER_URL: server.url, WORKFLOW_GRAPH_TOKEN: token.stdout.trim() };
  expect((await run(['runs'], { env })).code).toBe(0);
  expect(await run(['run', 'ci'], { env })).toMatchObject({ code: 4, out: '' });
});

test('a run is started, listed, shown, explained, read and cancelled', async () => {
  const server = await startServerProcess();
  expect((await at(server, 'runs')).out).toBe('No runs match.\n');
  expect((await at(server, 'workers')).out).toMatch(/^No workers match\./);
  expect((await at(server, 'queue')).out).toBe('No job waits for a worker.\n');
  writeFileSync(
    join(server.workflowsDir, 'ci.yml'),
    `name: CI
on: push
jobs:
  build: { run: "echo building; echo oops >&2; echo '::set-output v=1'" }
  gpu: { run: x, labels: [gpu, linux], needs: build }
  never: { run: x, needs: build, if: "inputs.target == 'prod'" }
  hold: { run: "echo held; sleep 600", needs: build, labels: [local] }
`,
  );
  await server.logged(/workflow "ci" is new/);
  await startWorkerProcess(server, { id: 'w-1', labels: ['linux', 'local'] });

  expect((await at(server, 'workflows')).out).toMatch(
    /^WORKFLOW {2}NEWEST RUN {2}CREATED {2}JOBS {2}ON {4}NAME\nci {8}none yet {13}4 {5}push {2}CI\n$/,
  );
  expect((await at(server, 'status', 'ci')).out).toMatch(/^CI \(ci, version 1\) has not run yet\n/);
  expect((await at(server, 'logs', 'ci')).code).toBe(5);

  const started = await at(server, 'run', 'ci', '--input', 'target=test', '-i', '__proto__=x=y');
  expect(started).toMatchObject({ code: 0, err: '' });
  const id = started.out.trim();
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  const api = server.api();
  await api.jobIs(id, 'hold', 'running');
  await api.logMatch(id, 'hold', /held/);

  const { runs } = await jsonAt<RunPage>(server, 'runs');
  expect(runs).toMatchObject([{ run_id: id, workflow: 'ci', state: 'running', open_jobs: 2 }]);
  expect(Object.entries(runs[0]?.inputs ?? {})).toEqual(expect.arrayContaining([['target', 'test']]));
  expect((await at(server, 'runs', '--state', 'running')).out).toMatch(
    new RegExp(`^RUN .*\\n${id.slice(0, 13)} {2}running {2}2/4 .*  ci\\n$`),
  );
  expect((await at(server, 'runs', '--state', 'success')).out).toBe('No runs match.\n');

  const status = await at(server, 'status', 'ci');
  expect(status.out).toMatch(/^▸ CI \(ci, version 1\): running for /);
  expect(status.out).toMatch(/\n✓ build {2}success {2}0 .* w-1\n/);
  expect(status.out).toMatch(/\n· gpu {4}queued .* waits for a worker with gpu, linux\n/);
  expect(status.out).toMatch(/\n○ never {2}skipped\n/);
  expect((await at(server, 'queue')).out).toMatch(
    /^LABELS .*\ngpu, linux {2}1 .* No live worker has the label "gpu"\. Nearest: "w-1", which lacks "gpu"\.\n$/,
  );
  expect(await jsonAt<Workflow>(server, 'status', id)).toMatchObject({ run_id: id, state: 'running' });

  const workers = await at(server, 'workers');
  expect(workers.out).toMatch(new RegExp(`\\nw-1 {5}busy {4}1/1 .* linux, local {2}hold of ${id.slice(0, 13)}\\n`));
  expect(await jsonAt<WorkerInfo[]>(server, 'workers', '--label', 'gpu')).toEqual([]);

  const why = await at(server, 'why', 'ci', 'gpu');
  expect(why.out).toContain('No live worker has the label "gpu". Nearest: "w-1", which lacks "gpu".');
  expect(await jsonAt<JobExplanation>(server, 'why', id, 'gpu')).toMatchObject({
    run_id: id,
    workflow: 'ci',
    status: 'queued',
    reasons: [
      {
        code: 'no_matching_worker',
        no_matching_worker: {
          unknown_labels: ['gpu'],
          nearest: [{ worker_id: 'w-1', missing_labels: ['gpu'] }],
        },
        needs_open: null,
      },
    ],
  });
  expect((await at(server, 'why', id, 'never')).out).toContain(
    `Its condition "inputs.target == 'prod'" is false: success() is true, inputs.target is "test".`,
  );
  expect((await at(server, 'why', id, 'hold')).out).toMatch(
    /Worker "w-1" has run attempt 0 for .*\n\nATTEMPT {2}OUTCOME/,
  );

  expect((await at(server, 'logs', id, 'build')).out).toMatch(/building\n/);
  expect((await at(server, 'logs', id)).out).toMatch(/^build \| (building|oops)\n[\s\S]*\nhold {2}\| held\n$/);
  expect((await at(server, 'logs', id, 'build', '--tail', '1')).out.split('\n')).toHaveLength(2);
  const chunks = (await at(server, 'logs', id, 'build', '--json')).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(chunks.map(({ data }) => data).join('')).toContain('oops\n');

  const follow = startProgram(['logs', '-f', id], { env: { SERVER_URL: server.url } });
  await follow.printed(/held/);
  const cancelled = await at(server, 'cancel', 'ci', '--json');
  expect(JSON.parse(cancelled.out)).toEqual({ run_id: id });
  expect(await follow.ended).toMatchObject({ code: 0 });
  await api.ended(id);
  expect((await at(server, 'why', id, 'gpu')).out).toMatch(/Its run was cancelled .* ago; it had not started\./);
  const watched = await at(server, 'status', id, '--watch');
  expect(watched.code).toBe(1);
  expect(watched.out).toMatch(/⊘ CI: cancelled after /);
});

test('a log is followed from its last lines', async () => {
  const server = await startServerProcess();
  const flag = join(temporaryFolder(), 'go-on');
  writeFileSync(
    join(server.workflowsDir, 'ci.yml'),
    `jobs: { count: { run: "printf 'one\\ntwo\\nthree\\n'; until test -e ${flag}; do sleep 0.1; done; echo four" } }\n`,
  );
  await server.logged(/workflow "ci" is new/);
  await startWorkerProcess(server, { id: 'w-1', labels: [] });
  const { out } = await at(server, 'run', 'ci', '--json');
  const { run_id: id } = JSON.parse(out) as { run_id: string };
  await until('three lines are stored', async () => (await at(server, 'logs', id, 'count')).out.includes('three'));
  const follow = startProgram(['logs', '-f', id, 'count', '--tail', '1'], { env: { SERVER_URL: server.url } });
  await follow.printed(/three/);
  writeFileSync(flag, '');
  expect(await follow.ended).toMatchObject({ code: 0 });
  expect(follow.stdout).toBe('three\nfour\n');
});

test('failed jobs of a run run again together with their dependents, and the command for it is printed', async () => {
  const server = await startServerProcess();
  const flag = join(temporaryFolder(), 'repaired');
  writeFileSync(
    join(server.workflowsDir, 'ci.yml'),
    `jobs:
  build: { run: "echo '::set-output v=7'" }
  test: { run: "test -e ${flag}", needs: build }
  ship: { run: 'test "$NEEDS_BUILD_V$NEEDS_TEST_V" = 7', needs: [build, test] }
`,
  );
  await server.logged(/workflow "ci" is new/);
  await startWorkerProcess(server, { id: 'w-1', labels: [] });
  const failed = await at(server, 'run', 'ci', '--watch');
  expect(failed.code).toBe(1);
  const [, id = ''] = /workflow-graph rerun (\S+) --failed/.exec(failed.err) ?? [];
  expect(id).toMatch(/^[0-9a-f-]{36}$/);

  const tried = await at(server, 'rerun', id, '--job', 'build', '--only', '--dry-run');
  expect(tried.out).toBe(`Would run again: 1 job
  build: was requested (success)
Would stay as they are: 2 jobs
  test: needs a job that runs again; dependents are left as they are (failure)
  ship: needs a job that runs again; dependents are left as they are (skipped)
`);
  expect(await at(server, 'rerun', id, '--failed', '--job', 'test')).toMatchObject({ code: 2, out: '' });
  writeFileSync(flag, '');
  const again = await at(server, 'rerun', id, '--watch');
  expect(again).toMatchObject({ code: 0, err: '' });
  expect((await at(server, 'why', id, 'test')).out).toContain('It was re-run');
  const nothing = await at(server, 'rerun', id);
  expect(nothing.code).not.toBe(0);
  expect(nothing.err).toContain('nothing to re-run');
  const begun = await at(server, 'rerun', id, '--job', 'ship', '--json');
  expect(JSON.parse(begun.out)).toMatchObject({ run_id: id, generation: 3, job_count: 1 });
});

test('cancelling an ended run reports that it has ended', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const id = await api.start({ name: 'short', jobs: { a: { run: 'x' } } });
  const { lease } = await api.claimed('w');
  await api.post(`/api/jobs/${lease.lease_id}/complete`);
  expect(await at(server, 'cancel', id)).toMatchObject({
    code: 0,
    out: `Run ${id} has already ended (success); there is nothing to cancel.\n`,
  });
});

test('a server that cannot start names the wrong setting and exits with 2', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'a-file');
  writeFileSync(file, 'x');
  const serve = (...flags: string[]) => run(['serve', '--port', '0', '--data', join(folder, 'data'), ...flags]);
  const notAFolder = await serve('--workflows', file);
  expect(notAFolder.err).toBe(`error: WORKFLOWS_DIR is "${file}": ENOTDIR: not a directory, scandir '${file}'\n`);
  expect(notAFolder.code).toBe(2);
  const noCertificate = await serve('--workflows', folder, '--tls-cert', file, '--tls-key', file);
  expect(noCertificate.err).toContain(`error: TLS_CERT is "${file}"; it must hold a certificate`);
  expect(noCertificate.code).toBe(2);
});

test.each([
  [
    'there is no "ci"',
    { 'b.yml': 'b', 'a.yaml': 'a', 'notes.txt': 'x' },
    /on the files in .*\. Next, in another terminal:[\s\S]*run a --watch/,
  ],
  ['there is one', { 'b.yml': 'b', 'ci.yml': 'ci' }, /run ci --watch/],
  [
    'there are none at all',
    {},
    /Put a workflow there, such as hello\.yml, and in another terminal:[\s\S]*run hello --watch/,
  ],
])('a start with a worker suggests a workflow from the folder: %s', async (_when, files, suggestion) => {
  const folder = temporaryFolder();
  for (const name of Object.keys(files)) writeFileSync(join(folder, name), 'jobs: { a: { run: x } }');
  const data = join(folder, 'data');
  const serving = startProgram(['serve', '--with-worker', '--port', '0', '--data', data, '--workflows', folder]);
  await serving.printed(/is up at/);
  await serving.printed(/start a run/);
  expect(serving.stdout).toMatch(suggestion);
  serving.signal('SIGTERM');
  expect((await serving.ended).code).toBe(0);
});

test('a missing workflows folder is reported, and read once it exists', async () => {
  const folder = temporaryFolder();
  const workflows = join(folder, 'workflows');
  const serving = startProgram(['serve', '--port', '0', '--data', join(folder, 'data'), '--workflows', workflows]);
  await serving.printed(/listening on/);
  expect(serving.stderr + serving.stdout).toContain(`the workflows folder ${workflows} does not exist (WORKFLOWS_DIR)`);
  mkdirSync(workflows);
  writeFileSync(join(workflows, 'late.yml'), 'jobs: { a: { run: x } }');
  await serving.printed(/workflow \\"late\\" is new/);
});

test.each([
  ['--insecure', /others can reach 0\.0\.0\.0 and need no token \(--insecure\)/],
  ['tokens', /others can reach 0\.0\.0\.0, in clear text \(no TLS_CERT\)/],
])('a server that others can reach, with %s, warns about what that leaves open', async (how, warning) => {
  const data = join(temporaryFolder(), 'data');
  if (how === 'tokens')
    expect((await run(['token', 'create', '--name', 'a', '--scope', 'admin', '--data', data])).code).toBe(0);
  const flags = how === 'tokens' ? [] : [how];
  const serving = startProgram([
    'serve',
    '--host',
    '0.0.0.0',
    '--port',
    '0',
    '--data',
    data,
    '--workflows',
    data,
    ...flags,
  ]);
  await serving.printed(/listening on/);
  expect(serving.stderr + serving.stdout).toMatch(warning);
});

test('commands and workers report an untrusted certificate as the reason', async () => {
  const folder = temporaryFolder();
  const { tlsCert, tlsKey } = selfSigned(folder);
  const server = await startServerProcess({ flags: ['--tls-cert', tlsCert, '--tls-key', tlsKey] });
  const { err, code } = await at(server, 'workflows');
  expect(err).toContain(
    `(DEPTH_ZERO_SELF_SIGNED_CERT)\nThis machine does not trust the server's certificate. Name the certificate of its authority with --ca-file`,
  );
  expect(code).toBe(3);
  for (const transport of ['stream', 'http']) {
    const worker = startProgram(['worker', '--transport', transport], { env: { SERVER_URL: server.url } });
    await worker.printed(/the certificate of https:.* is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\), retrying/);
  }
});

test('text chosen by a job never reaches the terminal as an escape sequence, wherever it is printed', async () => {
  const evil = '\u001b]0;owned\u0007\u001b[2J\u009b31mx';
  const server = await startServerProcess();
  const api = server.api();
  const id = await api.start({
    name: 'plain',
    trigger: 'push',
    jobs: [{ id: 'job', name: 'job', command: 'x' }],
  });
  const claim = await api.claimed(`worker${evil}`, { labels: [`label${evil}`] });
  await api.pushLogs(claim, `log${evil}\n`);
  const job = claim.job.job_id;
  const outputs: string[] = [];
  const look = async (...args: string[]) => {
    const { code, out, err } = await at(server, ...args);
    expect(code, args.join(' ')).toBeLessThan(2);
    outputs.push(out, err);
  };
  const everything = async () => {
    for (const json of [[], ['--json']]) {
      for (const args of [
        ['runs'],
        ['workflows'],
        ['workers'],
        ['queue'],
        ['status', id],
        ['logs', id],
        ['logs', id, job],
        ['why', id, job],
      ]) {
        await look(...args, ...json);
      }
    }
  };
  await everything();
  await api.fail(claim, `error${evil}`, false);
  await everything();
  await look('status', id, '--watch');
  await look('status', id, '--watch', '--no-logs');
  expect(outputs.join('')).toContain('error');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches them
  expect(outputs.join('')).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f]/);

  const raw = await at(server, 'logs', id, job, '--raw');
  expect(raw.out).toBe(`log${evil}\n`);
});

test('the reader of the output may exit early', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const id = await api.start('jobs: { a: { run: x } }');
  const claim = await api.claimed('w');
  await api.pushLogs(claim, ...Array.from({ length: 200 }, () => `${'x'.repeat(1_000)}\n`.repeat(20)));
  const script = `"$NODE" "$MAIN" logs ${id} a | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const { mainFile } = await import('../support/program.js');
  const { execFileSync } = await import('node:child_process');
  const env = { ...process.env, NODE: process.execPath, MAIN: mainFile, SERVER_URL: server.url };
  const printed = execFileSync('bash', ['-c', script], { env, encoding: 'utf8' });
  expect(printed).toMatch(/^x{1000}\n141\n$/);
});
