import { afterEach, beforeEach, expect, it } from 'vitest';
import { JobSpecs } from '../../src/engine/memory/job-specs.js';
import { needResults } from '../../src/engine/memory/need-results.js';
import type { Connection } from '../../src/store/connection.js';
import { jobIdOf } from '../../src/store/job-id.js';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const dependants = 50;
const outputBytes = 60_000;

/** A connection that counts the bytes of the returned rows. */
function measured(connection: Connection): Connection & { readBytes: number } {
  return {
    dialect: connection.dialect,
    readBytes: 0,
    async query(sql, parameters) {
      const rows = await connection.query(sql, parameters);
      this.readBytes += JSON.stringify(rows).length;
      return rows;
    },
    execute: (sql, parameters) => connection.execute(sql, parameters),
  };
}

async function resultsRead(condition: string) {
  const jobs = Array.from({ length: dependants }, (_, at) => `j${at}: { needs: a, if: "${condition}", run: x }`);
  await fixture.run(`jobs: { a: { run: x }, ${jobs.join(', ')} }`);
  await fixture.complete(await fixture.claimed(), { large: 'x'.repeat(outputBytes), k: 'v' });
  const connection = measured(fixture.store.read);
  const places = Array.from({ length: dependants }, (_, at) => ({ version: 1, ord: at + 1 }));
  const specs = await new JobSpecs().get(fixture.store.read, places);
  const results = await needResults(
    connection,
    places.flatMap((place, at) => (specs[at] === undefined ? [] : [{ ...place, run: 1, known: specs[at] }])),
  );
  return { results, readBytes: connection.readBytes };
}

it('reads the outputs of a job once, however many jobs use them', async () => {
  const { results, readBytes } = await resultsRead("needs.a.outputs.k == 'v'");
  expect(results.size).toBe(dependants);
  expect(results.get(jobIdOf(1, dependants))?.get('a')).toMatchObject({ result: 'success', outputs: { k: 'v' } });
  expect(readBytes).toBeGreaterThan(outputBytes);
  expect(readBytes).toBeLessThan(outputBytes * 2);
});

it('reads no outputs for jobs that only use the results of their needs', async () => {
  const { results, readBytes } = await resultsRead("needs.a.result == 'success'");
  expect(results.get(jobIdOf(1, 1))?.get('a')).toMatchObject({ result: 'success', outputs: {} });
  expect(readBytes).toBeLessThan(outputBytes / 2);
});
