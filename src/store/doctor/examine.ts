import { sql } from 'kysely';
import type { Connection } from '../connection.js';
import { kyselyOver } from '../kysely-over.js';
import { doctorDialects } from './check.js';
import { checks } from './checks.js';

/** Result of one check. */
export interface Finding {
  readonly name: string;
  readonly promise: string;
  /** The first violations; none when the promise holds. */
  readonly violations: readonly string[];
}

/** Looks at a database in use before a violation counts. */
const looks = 3;

/** Violations of a check that are named. */
const violationsNamed = 10;

/**
 * Checks the invariants of a database. It only reads. Nothing may write at the same time.
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
 * The same for a database in use. The checks do not read one snapshot, so a change between two tables may look like
 * damage. Real damage is still there at the next look; only that is reported.
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

/** Whether a check found a violation. */
export function isBroken({ violations }: Finding): boolean {
  return violations.length > 0;
}
