import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Cluster } from '../support/postgres/cluster.js';
import { createTestDatabase, queryOnce, type TestDatabase } from '../support/postgres/test-database.js';
import { runProgram } from '../support/program.js';

describe('serve with DATABASE_URL', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase(inject('postgresUrl'), 'empty');
  });
  afterAll(() => database.drop());

  const serve = (env: Record<string, string>) => runProgram(['serve', '--port', '0'], { env });

  it('reports that nothing answers there, without the password', async () => {
    const { code, stderr } = await serve({ DATABASE_URL: 'postgres://user:secret@127.0.0.1:9/db' });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: PostgreSQL at 127\.0\.0\.1:9\/db cannot be reached \(.*ECONNREFUSED.*\)\. Is it running\?\n$/,
    );
    expect(stderr).not.toContain('secret');
  });

  it('reports a wrong password', async () => {
    const url = new URL(database.url);
    url.password = 'wrong';
    const { code, stderr } = await serve({ DATABASE_URL: url.href });
    expect(code).toBe(1);
    expect(stderr).toContain('refuses the user or password of DATABASE_URL');
    expect(stderr).not.toContain('wrong');
  });

  it('reports that the database does not exist', async () => {
    const url = new URL(database.url);
    url.pathname = '/nowhere';
    const { code, stderr } = await serve({ DATABASE_URL: url.href });
    expect(code).toBe(1);
    expect(stderr).toContain('database "nowhere" does not exist');
  });

  it('refuses an invalid URL', async () => {
    const { code, stderr } = await serve({ DATABASE_URL: 'mysql://x' });
    expect(code).toBe(2);
    expect(stderr).toContain('DATABASE_URL');
  });
});

describe('migrate with DATABASE_URL', () => {
  it('creates the tables, lists the migrations that ran, and finds nothing to do the second time', async () => {
    const database = await createTestDatabase(inject('postgresUrl'), 'empty');
    const migrate = () => runProgram(['migrate'], { env: { DATABASE_URL: database.url } });
    const first = await migrate();
    expect(first.stderr).toBe('');
    expect(first.stdout).toContain('0001-initial done');
    expect((await migrate()).stdout).toMatch(/ is up to date\.\n$/);
    const tables = await queryOnce(database.url, `select 1 from pg_tables where schemaname = 'public'`);
    expect(tables.length).toBeGreaterThan(12);
    await database.drop();
  });

  it('run several times at once creates the tables once', async () => {
    const database = await createTestDatabase(inject('postgresUrl'), 'empty');
    const done = await Promise.all(
      [1, 2, 3].map(() => runProgram(['migrate'], { env: { DATABASE_URL: database.url } })),
    );
    expect(done.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(done.filter(({ stdout }) => stdout.includes('0001-initial done'))).toHaveLength(1);
    await database.drop();
  });
});

describe('a database that acknowledges too early', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.start(['-c', 'fsync=off', '-c', 'synchronous_commit=off']);
  });
  afterAll(() => cluster.end());

  it('is refused with the settings and a remedy', async () => {
    const { code, stderr } = await runProgram(['serve', '--port', '0'], { env: { DATABASE_URL: cluster.url } });
    expect(code).toBe(1);
    expect(stderr).toContain('PostgreSQL runs with fsync=off and synchronous_commit=off');
    expect(stderr).toContain('INSECURE_DURABILITY=true');
  });

  it('is accepted when configured', async () => {
    const env = { DATABASE_URL: cluster.url, INSECURE_DURABILITY: 'true' };
    const { code } = await runProgram(['token', 'create', '--name', 'x', '--scope', 'admin'], { env });
    expect(code).toBe(0);
    expect((await runProgram(['token', 'list'], { env })).stdout).toMatch(/ x +valid +admin /);
  });
});
