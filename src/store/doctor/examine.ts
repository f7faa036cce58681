import { sql } from 'kysely';
import type { Connection } from '../connection.js';
import { kyselyOver } from '../kysely-over.js';
import { checks, doctorDialects } from './checks.js';

/** What one check found. */
export interface Finding {
  readonly name: string;
  readonly promise: string;
  /** The first violations; none when the promise holds. */
  readonly violations: readonly string[];
}

/** How many violations of a check are named. */
const violationsNamed = 10;

/**
 * Looks for anything in a database that must never be. It only reads; on a live database give it a connection that sees
 * one moment, since checks compare tables.
 */
export async function examine(connection: Connection): Promise<Finding[]> {
  const db = kyselyOver(connection);
  const dialect = doctorDialects[connection.dialect.name];
  const findings: Finding[] = [];
  for (const { name, promise, violations } of checks) {
    const { rows } = await sql<{ subject: string }>`
      select f.subject from (${violations(dialect)}) as f order by f.subject limit ${sql.lit(violationsNamed)}`.execute(
      db,
    );
    findings.push({ name, promise, violations: rows.map((row) => row.subject) });
  }
  return findings;
}
