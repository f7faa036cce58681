import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { makeOld } from '../crash/old-database.js';
import { type Api, expectStatus } from '../support/api.js';
import { OneServer } from '../support/one-server.js';
import { runProgram, startProgram } from '../support/program.js';
import { type ServerOptions, type ServerProcess, startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

/** A server with one finished run, stopped. */
async function stoppedServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const server = await startServerProcess(options);
  const api = server.api();
  const run = await api.start({ name: 'w', jobs: { a: { run: 'x' } } });
  await api.complete(await api.claimed('w1'), { made: 'before the backup' });
  await api.ended(run);
  await server.stop();
  return server;
}

function countRuns(file: string): number {
  const database = new Database(file, { readonly: true });
  try {
    return (database.prepare('select count(*) as count from runs').get() as { count: number }).count;
  } finally {
    database.close();
  }
}

/** The run of a job that was claimed and whose log and end were acknowledged. */
type Acknowledged = Map<string, { readonly made: string }>;

/** Starts runs and executes their jobs one after another until told to stop. */
async function work(
  api: Api,
  workflow: string,
  name: string,
  goesOn: () => boolean,
  done: Acknowledged,
): Promise<void> {
  for (let at = 0; goesOn(); at++) {
    await api.run(workflow);
    const claim = await api.claimed(name);
    const made = `${name}.${at}`;
    expectStatus(await api.pushLogs(claim, `${made}\n`), 200);
    expectStatus(await api.complete(claim, { made }), 200);
    done.set(claim.job.workflow_id, { made });
  }
}

test('a backup made under load has everything that was acknowledged before it began, and a server starts on it', async () => {
  const server = await startServerProcess();
  const api = server.api();
  const workflow = await api.define({ name: 'w', jobs: { a: { run: 'x' } } });
  const done: Acknowledged = new Map();
  let isWorking = true;
  const workers = Array.from({ length: 4 }, (_, at) => work(api, workflow, `w${at}`, () => isWorking, done));
  await until('jobs have ended', () => done.size >= 200);

  const before = new Map(done);
  const target = join(temporaryFolder(), 'backup.db');
  const backup = await runProgram(['backup', '--json', '--data', server.dataDir, target]);
  expect(backup).toMatchObject({ code: 0 });
  const said = JSON.parse(backup.stdout) as { checks: number };
  expect(said).toMatchObject({ file: target, schema: 'current', broken: [] });
  expect(said.checks).toBeGreaterThan(20);
  expect(done.size, 'work continued during the backup').toBeGreaterThan(before.size + 10);
  expect(readdirSync(join(target, '..'))).toEqual(['backup.db']);
  isWorking = false;
  await Promise.all(workers);
  await server.stop();

  const dataDir = join(temporaryFolder(), 'restored');
  const restored = await runProgram(['restore', target, '--data', dataDir]);
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining('checked by SQLite') });
  expect((await runProgram(['doctor', '--data', dataDir])).code).toBe(0);
  const again = new OneServer(dataDir, server.workflowsDir, {});
  await again.start();
  for (const [run, { made }] of before) {
    expect(await again.api().job(run, 'a')).toMatchObject({ status: 'success', outputs: { made } });
    expect(await again.api().logText(run, 'a')).toBe(`${made}\n`);
  }
  await again.api().run(workflow);
});

test('a backup replaces a file only with --force, and leaves nothing behind when it fails', async () => {
  const server = await stoppedServer();
  const folder = temporaryFolder();
  const target = join(folder, 'backup.db');
  writeFileSync(target, 'something else');
  const refused = await runProgram(['backup', target, '--data', server.dataDir]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('exists already. --force replaces it.') });
  expect(readFileSync(target, 'utf8')).toBe('something else');
  expect(await runProgram(['backup', target, '--force', '--data', server.dataDir])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/backup\.db: [\d.]+ kB in .* all \d+ checks of the doctor\./),
  });
  expect(countRuns(target)).toBe(1);

  const nowhere = await runProgram(['backup', join(folder, 'x.db'), '--data', join(folder, 'nowhere')]);
  expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining('No such file') });
  expect((await runProgram(['backup', join(folder, 'no', 'x.db'), '--data', server.dataDir])).stderr).toContain(
    `No such folder: ${join(folder, 'no')}`,
  );
  expect(readdirSync(folder)).toEqual(['backup.db']);
});

test('a backup of a damaged database is kept, and the damage is reported', async () => {
  const server = await stoppedServer({ willBeDamaged: true });
  const database = new Database(server.databaseFile);
  database.exec(`update runs set state = 'running'`);
  database.close();
  const target = join(temporaryFolder(), 'backup.db');
  const backup = await runProgram(['backup', target, '--data', server.dataDir]);
  expect(backup).toMatchObject({ code: 1, stdout: expect.stringMatching(/the doctor found damage[\s\S]*run-state: /) });
  expect(countRuns(target)).toBe(1);
});

test('restore refuses a running server, an existing database, and files that are not a complete backup', async () => {
  const server = await stoppedServer();
  const folder = temporaryFolder();
  const backup = join(folder, 'backup.db');
  expect((await runProgram(['backup', backup, '--data', server.dataDir])).code).toBe(0);
  const restore = (file: string, ...flags: string[]) =>
    runProgram(['restore', file, '--data', server.dataDir, ...flags]);

  await server.start();
  expect(await restore(backup, '--force')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`Another server (process ${server.program.pid}) uses the database`),
  });
  const later = await server.api().start({ name: 'later', jobs: { a: { run: 'x' } } });
  await server.stop();
  expect(await restore(backup)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('The database exists already'),
  });

  const text = join(folder, 'text.db');
  writeFileSync(text, 'not a database '.repeat(500));
  const other = join(folder, 'other.db');
  new Database(other).exec('create table t (x)').close();
  const broken = join(folder, 'broken.db');
  const bytes = readFileSync(backup);
  // The pages with the tables' contents; the header and the schema stay intact.
  bytes.fill(0x5a, 8 * 4096, 12 * 4096);
  writeFileSync(broken, bytes);
  const newer = join(folder, 'newer.db');
  copyFileSync(backup, newer);
  new Database(newer)
    .exec(`insert into kysely_migration values ('9999-future', 'now'); update meta set value = '9999-future'`)
    .close();
  for (const [file, said] of [
    [text, 'not a database'],
    [other, 'is not a database of workflow-graph'],
    [broken, 'damaged'],
    [newer, 'written by a newer version'],
    [join(folder, 'nothing.db'), 'No such file'],
  ] as const) {
    const refused = await restore(file, '--force');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(said) });
  }
  expect(readdirSync(server.dataDir).filter((name) => /partial|before/.test(name))).toEqual([]);
  expect(countRuns(server.databaseFile)).toBe(2);

  const { code, stdout } = await restore(backup, '--force', '--json');
  expect(code).toBe(0);
  const { kept } = JSON.parse(stdout) as { kept: string };
  expect([countRuns(server.databaseFile), countRuns(kept)]).toEqual([1, 2]);
  await server.start();
  expect((await server.api().get(`/api/workflows/${later}/status`)).status).toBe(404);
});

test('commits of a killed server that are still in its log do not leak into the database that replaces it', async () => {
  const server = await stoppedServer();
  const backup = join(temporaryFolder(), 'backup.db');
  await runProgram(['backup', backup, '--data', server.dataDir]);
  await server.start();
  await server.api().start({ name: 'later', jobs: { a: { run: 'x' } } });
  await server.kill();
  expect(existsSync(`${server.databaseFile}-wal`)).toBe(true);
  const { stdout } = await runProgram(['restore', backup, '--force', '--json', '--data', server.dataDir]);
  expect(countRuns(server.databaseFile)).toBe(1);
  expect(countRuns((JSON.parse(stdout) as { kept: string }).kept)).toBe(2);
});

test('the start after a restore upgrades a database of an older version', async () => {
  const server = await stoppedServer();
  const folder = temporaryFolder();
  const old = join(folder, 'old.db');
  await runProgram(['backup', old, '--data', server.dataDir]);
  await makeOld(old);
  const dataDir = join(folder, 'data');
  const restored = await runProgram(['restore', old, '--data', dataDir]);
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining('the next start upgrades them') });
  mkdirSync(join(folder, 'workflows'));
  const again = new OneServer(dataDir, join(folder, 'workflows'), {});
  await again.start();
  await again.stop();
  expect((await runProgram(['doctor', '--data', dataDir])).code).toBe(0);
});

test('a backup that is interrupted by a signal leaves nothing behind', async () => {
  const server = await stoppedServer();
  const database = new Database(server.databaseFile);
  database.exec('create table large (x); begin');
  const insert = database.prepare('insert into large values (randomblob(1000000))');
  for (let at = 0; at < 150; at++) insert.run();
  database.exec('commit');
  database.close();
  const folder = temporaryFolder();
  const program = startProgram(['backup', join(folder, 'backup.db'), '--data', server.dataDir]);
  await until('a part of it exists', () => readdirSync(folder).some((name) => name.includes('.partial-')));
  program.signal('SIGINT');
  expect(await program.ended).toEqual({ code: 130, signal: null });
  expect(readdirSync(folder)).toEqual([]);
});

test('with PostgreSQL they name its own tools, without the password', async () => {
  const env = { DATABASE_URL: 'postgres://me:secret@db.example:5433/flows?sslmode=require' };
  const backup = await runProgram(['backup', "it's.dump"], { env });
  expect(backup.code).toBe(2);
  expect(backup.stderr).toContain(
    `pg_dump --format=custom --file='it'\\''s.dump' 'postgres://me@db.example:5433/flows?sslmode=require'`,
  );
  const restore = await runProgram(['restore', 'flows.dump'], { env });
  expect(restore).toMatchObject({ code: 2, stderr: expect.stringContaining('pg_restore --single-transaction') });
  expect(`${backup.stderr}${restore.stderr}`).not.toContain('secret');
});
