import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kyselyOver } from '../../src/store/kysely-over.js';
import { listWorkers } from '../../src/store/statements/workers.js';
import { type Store, StoreError } from '../../src/store/store.js';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

/** What the next version of the program would do to the tables: it only adds. */
async function migrateFurther(store: Store, oldestProgram: string): Promise<void> {
  await store.transact(async (connection) => {
    const db = kyselyOver(connection);
    await connection.query(`insert into kysely_migration (name, timestamp) values ('9999-future', 'now')`, []);
    await db.schema
      .alterTable('jobs')
      .addColumn('future', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema.alterTable('workers').addColumn('future', 'text').execute();
    await db.schema.createTable('future').addColumn('id', 'integer').execute();
    await db.updateTable('meta').set({ value: oldestProgram }).where('key', '=', 'oldest_program').execute();
  });
}

async function live(): Promise<void> {
  const run = await fixture.run('jobs: { a: { run: x }, b: { run: x, needs: a } }');
  await fixture.complete(await fixture.claimed(), { k: 'v' });
  await fixture.complete(await fixture.claimed());
  expect(await fixture.runState(run)).toBe('success');
}

describe('tables of the next version of the program', () => {
  it('are worked on by a server of this one, which may start on them too', async () => {
    await live();
    await listWorkers.run(fixture.store.read, { limit: 1, offset: 0 });
    await migrateFurther(fixture.store, '0001-initial');
    await live();
    expect(await listWorkers.run(fixture.store.read, { limit: 1, offset: 0 })).toHaveLength(1);
    await fixture.restart();
    await live();
  });

  it('are refused when they say that this version is too old', async () => {
    await migrateFurther(fixture.store, '9999-future');
    await fixture.stop();
    await expect(fixture.start()).rejects.toThrow(StoreError);
    await expect(fixture.start()).rejects.toThrow(/newer version of workflow-graph/);
  });
});
