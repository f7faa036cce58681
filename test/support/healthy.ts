import { expect } from 'vitest';
import type { Connection } from '../../src/store/connection.js';
import { examine } from '../../src/store/doctor/examine.js';

/** Checks that no invariant of a database is violated. Every test that uses one ends with this check. */
export async function expectHealthy(connection: Connection): Promise<void> {
  const broken = (await examine(connection)).filter(({ violations }) => violations.length > 0);
  expect(broken, JSON.stringify(broken)).toEqual([]);
}
