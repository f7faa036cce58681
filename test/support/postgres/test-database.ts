import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { migratePostgres } from '../../../src/store/postgres/open-postgres-store.js';

const template = 'workflow_graph_test_template';

/** A database for one test. */
export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Creates the template of all test databases: migrated and empty. */
export async function makeTemplate(serverUrl: string): Promise<void> {
  await command(serverUrl, `drop database if exists ${template} with (force)`);
  await command(serverUrl, `create database ${template}`);
  await migratePostgres(onServer(serverUrl, template));
}

/** @param from the database to copy; null for one without tables */
export async function createTestDatabase(
  serverUrl: string,
  from: 'migrated' | 'empty' = 'migrated',
): Promise<TestDatabase> {
  const name = `workflow_graph_test_${randomBytes(6).toString('hex')}`;
  // A copy of the files, since to write each page of them to the log takes several times as long.
  const copy = from === 'migrated' ? ` template ${template} strategy file_copy` : '';
  await command(serverUrl, `create database ${name}${copy}`);
  return {
    url: onServer(serverUrl, name),
    drop: () => command(serverUrl, `drop database if exists ${name} with (force)`),
  };
}

/** Runs one statement in its own session and returns the rows. */
export async function queryOnce<R extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<R>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

async function command(serverUrl: string, text: string): Promise<void> {
  await queryOnce(serverUrl, text);
}

function onServer(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
