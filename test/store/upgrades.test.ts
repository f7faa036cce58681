import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../../src/store/connection.js';
import { kyselyOver } from '../../src/store/kysely-over.js';
import { migrationsFor } from '../../src/store/migrate.js';
import { postgresDialect } from '../../src/store/postgres/postgres-dialect.js';
import { sqliteDialect } from '../../src/store/sqlite/sqlite-dialect.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { databaseKind } from '../support/open-test-store.js';
import { schemaOf } from '../support/schema-of.js';

/**
 * A server starts on the database of every earlier schema, with data, and works with it. The files in `earlier/` record
 * those schemas: the statements of each migration, and the data that the program of that time had written. A released
 * migration never changes, and neither do these files. `vitest run test/store/upgrades.test.ts -u` in both projects
 * writes the file of a new one.
 */
const folder = join(import.meta.dirname, 'earlier');
const dialect = databaseKind === 'postgres' ? postgresDialect : sqliteDialect;
const names = Object.keys(migrationsFor(dialect));
const [succeeded, failed, atWork] = [
  '019b76da-a800-71b4-8c5e-c68e04a3406c',
  '019b76da-abe8-7f29-be2c-97df5404f33b',
  '019b76da-abe8-76c6-86e9-f06e6e5a05a9',
] as const;

let fixture: EngineFixture;
/** The schema of a new database, created once. */
let current: Promise<unknown> | null = null;

beforeEach(() => {
  fixture = new EngineFixture();
});

afterEach(() => fixture.end());

describe('a migration sends the same statements as when it was released', () => {
  test.each(names)('%s', async (name) => {
    await expect(await said(name)).toMatchFileSnapshot(fileOf(name));
  });

  test('and there is no file without a migration', () => {
    expect(readdirSync(join(folder, databaseKind)).sort()).toEqual(names.map((name) => `${name}.sql`));
  });
});

test.each(names)('a database of %s is upgraded to this version, and its runs continue', async (newest) => {
  await fixture.prepare(databaseOf(newest));
  await fixture.start();

  expect(await schemaOf(fixture.store.read)).toEqual(await newSchema());
  expect(await fixture.runState(succeeded)).toBe('success');
  expect(await fixture.runState(failed)).toBe('failure');
  const status = await fixture.engine.workflowStatus(succeeded);
  expect(status.jobs.find(({ key }) => key === 'build')?.outputs).toEqual(new Map([['artifact', 'a.tar']]));
  expect((await fixture.logOf(succeeded, 'build')).map(({ data }) => data)).toEqual(['compiling\n', 'one warning\n']);
  expect(await fixture.statuses(failed)).toEqual({ one: 'failure', two: 'skipped', mourn: 'success' });

  // The worker of the open attempt is gone with its server: its lease expires, and another worker gets the job.
  await fixture.environment.advance(120_000);
  const again = await fixture.claimed({ workerId: 'w2' });
  expect([again.runId, again.jobKey, again.attempt]).toEqual([atWork, 'ship', 1]);
  await fixture.complete(again);
  await fixture.complete(await fixture.claimed({ workerId: 'w2' }));
  await fixture.complete(await fixture.claimed({ workerId: 'w2', labels: ['gpu'] }));
  expect(await fixture.runState(atWork)).toBe('success');

  const fresh = await fixture.run('jobs: { a: { run: x } }');
  await fixture.complete(await fixture.claimed({ workerId: 'w2' }));
  expect(await fixture.runState(fresh)).toBe('success');
});

/** The statements of a migration, as sent to its database. */
async function said(name: string): Promise<string> {
  const statements: string[] = [];
  const connection: Connection = {
    dialect,
    async query(sql) {
      statements.push(sql.replaceAll(/\s+/g, ' '));
      return [];
    },
    execute() {
      throw new Error('a migration waits for each statement');
    },
  };
  const migration = migrationsFor(dialect)[name as keyof ReturnType<typeof migrationsFor>];
  await migration.up(kyselyOver(connection) as never);
  // The last one writes, with parameters, which programs can work on the tables.
  return `${statements.slice(0, -1).join(';\n')};\n`;
}

const fileOf = (name: string) => join(folder, databaseKind, `${name}.sql`);

/** The tables up to a migration, with the data written at that time. */
function databaseOf(newest: string): string {
  const past = names.slice(0, names.indexOf(newest) + 1);
  const known = `create table kysely_migration (name varchar(255) not null primary key, timestamp varchar(255) not null);
    create table kysely_migration_lock (id varchar(255) not null primary key, is_locked integer default 0 not null);
    insert into kysely_migration_lock (id, is_locked) values ('migration_lock', 0);`;
  const parts = past.map((name) => {
    const data = join(folder, 'rows', `${name}.sql`);
    const mark = `insert into kysely_migration (name, timestamp) values ('${name}', '2026-01-01T00:00:00.000Z');`;
    return [readFileSync(fileOf(name), 'utf8'), existsSync(data) ? readFileSync(data, 'utf8') : '', mark].join('\n');
  });
  const end = `insert into meta (key, value) values ('oldest_program', '0001-initial');`;
  return [known, ...parts, end, databaseKind === 'postgres' ? numbersGoOn : ''].join('\n');
}

/** The rows of the data have explicit numbers; the sequences continue after them. */
const numbersGoOn = [
  ['workflows', 'no'],
  ['versions', 'no'],
  ['label_sets', 'id'],
  ['runs', 'no'],
]
  .map(([table, column]) => `select setval(pg_get_serial_sequence('${table}', '${column}'), 100);`)
  .join('\n');

function newSchema(): Promise<unknown> {
  current ??= schemaOfNewDatabase();
  return current;
}

async function schemaOfNewDatabase(): Promise<unknown> {
  const other = await new EngineFixture().start();
  try {
    return await schemaOf(other.store.read);
  } finally {
    await other.end();
  }
}
