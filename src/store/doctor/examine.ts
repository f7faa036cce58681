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

/** How often a database that is being written is looked at before something is called broken. */
const looks = 3;

/** How many violations of a check are named. */
const violationsNamed = 10;

/**
 * Looks for anything in a database that must never be. It only reads. Nobody must write meanwhile.
 *
 * @throws the signal's reason, between two checks, when the signal is aborted
 */
export async function examine(connection: Connection, signal?: AbortSignal): Promise<Finding[]> {
  const db = kyselyOver(connection);
  const dialect = doctorDialects[connection.dialect.name];
  const findings: Finding[] = [];
  for (const { name, promise, violations } of checks) {
    signal?.throwIfAborted();
    const { rows } = await sql<{ subject: string }>`
      select f.subject from (${violations(dialect)}) as f order by f.subject limit ${sql.lit(violationsNamed)}`.execute(
      db,
    );
    findings.push({ name, promise, violations: rows.map((row) => row.subject) });
  }
  return findings;
}

/**
 * The same on a database that is being written. The checks do not see one moment, so that a change between two tables may
 * look like damage; what is really broken is still so at the next look, and only that is told.
 */
export async function examineLive(connection: Connection, signal?: AbortSignal): Promise<Finding[]> {
  let findings = await examine(connection, signal);
  for (let look = 1; look < looks && findings.some(isBroken); look++) {
    const again = await examine(connection, signal);
    findings = findings.map((finding, at) => {
      const seen = new Set(again[at]?.violations);
      return { ...finding, violations: finding.violations.filter((subject) => seen.has(subject)) };
    });
  }
  return findings;
}

/** Whether a check found something. */
export function isBroken({ violations }: Finding): boolean {
  return violations.length > 0;
}
