import type { TestProject } from 'vitest/node';
import { Cluster } from './cluster.js';
import { makeTemplate } from './test-database.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A PostgreSQL on which tests may create databases. */
    postgresUrl: string;
  }
}

/** Gives the project a PostgreSQL: that of DATABASE_URL, or one of its own for as long as the tests run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.DATABASE_URL;
  const cluster = given === undefined || given === '' ? await Cluster.start() : null;
  const url = cluster?.url ?? given ?? '';
  await makeTemplate(url);
  project.provide('postgresUrl', url);
  return async () => {
    await cluster?.end();
  };
}
