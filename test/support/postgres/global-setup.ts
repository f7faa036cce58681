import type { TestProject } from 'vitest/node';
import { fastFolder } from '../fast-folder.js';
import { Cluster } from './cluster.js';
import { makeTemplate } from './test-database.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A PostgreSQL server on which tests may create databases. */
    postgresUrl: string;
  }
}

/** Provides a PostgreSQL server to the project: that of DATABASE_URL, or a new one for the duration of the tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.DATABASE_URL;
  const cluster = given === undefined || given === '' ? await Cluster.start([], fastFolder()) : null;
  const url = cluster?.url ?? given ?? '';
  await makeTemplate(url);
  project.provide('postgresUrl', url);
  return async () => {
    await cluster?.end();
  };
}
