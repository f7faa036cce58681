import { afterEach, expect, it } from 'vitest';
import type { Connection } from '../../src/store/connection.js';
import type { Store } from '../../src/store/store.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { databaseKind } from '../support/open-test-store.js';

const workflows = 50;
const schedulesOfEach = 20;
const idleSecs = 600;

let fixture: EngineFixture | null = null;

afterEach(() => fixture?.end());

/** Counts the statements sent to the database. */
function countingStore(store: Store, count: () => void): Store {
  const counting = (connection: Connection): Connection => ({
    dialect: connection.dialect,
    query: (sql, parameters) => {
      count();
      return connection.query(sql, parameters);
    },
    execute: (sql, parameters) => {
      count();
      return connection.execute(sql, parameters);
    },
  });
  return {
    dialect: store.dialect,
    shared: store.shared,
    openReader: () => store.openReader(),
    close: () => store.close(),
    transact: (work) => store.transact((connection, nowMs) => work(counting(connection), nowMs)),
    read: counting(store.read),
    longRead: counting(store.longRead),
  };
}

it('an idle server with 1,000 schedules runs at most one statement a second, and starts them when they are due', async () => {
  let statements = 0;
  fixture = await new EngineFixture(databaseKind, {
    around: (store) => countingStore(store, () => (statements += 1)),
  }).start();
  const entries = Array.from({ length: schedulesOfEach }, (_, at) => `{ cron: "${at} 1 * * *" }`).join(', ');
  for (let at = 0; at < workflows; at++) {
    await fixture.define(`on: { schedule: [${entries}] }\njobs: { a: { run: x } }`);
  }
  await fixture.environment.advance(60_000);
  statements = 0;
  for (let second = 0; second < idleSecs; second++) await fixture.environment.advance(1_000);
  expect(statements).toBeGreaterThan(0);
  expect(statements).toBeLessThanOrEqual(idleSecs);

  await fixture.environment.advance(60 * 60_000);
  const [row] = await fixture.store.read.query('select count(*) as runs from runs where schedule is not null', []);
  expect(Number(row?.runs)).toBe(workflows * 12);
});
