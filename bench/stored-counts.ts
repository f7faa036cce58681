import { join } from 'node:path';
import Database from 'better-sqlite3';

export interface StoredCounts {
  readonly attempts: number;
  readonly succeededAttempts: number;
  readonly succeededJobs: number;
}

/** Counts the rows that a stopped server left in its database. */
export function storedCounts(dataDir: string): StoredCounts {
  const database = new Database(join(dataDir, 'workflow-graph.db'));
  try {
    const count = (sql: string): number => Number(database.prepare(sql).pluck().get());
    return {
      attempts: count('select count(*) from attempts'),
      succeededAttempts: count("select count(*) from attempts where outcome = 'success'"),
      succeededJobs: count("select count(*) from jobs where state = 'success'"),
    };
  } finally {
    database.close();
  }
}
