import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listWorkers } from '../../src/store/statements/workers.js';
import { StoreError } from '../../src/store/store.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { migrateFurther } from '../support/migrate-further.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

async function live(): Promise<void> {
  const run = await fixture.run('jobs: { a: { run: x }, b: { run: x, needs: a } }');
  await fixture.complete(await fixture.claimed(), { k: 'v' });
  await fixture.complete(await fixture.claimed());
  expect(await fixture.runState(run)).toBe('success');
}

describe('tables of the next version of the program', () => {
  it('work with a server of this version, which may also start on them', async () => {
    await live();
    await listWorkers.run(fixture.store.read, { limit: 1, offset: 0 });
    await migrateFurther(fixture.store, '0001-initial');
    await live();
    expect(await listWorkers.run(fixture.store.read, { limit: 1, offset: 0 })).toHaveLength(1);
    await fixture.restart();
    await live();
  });

  it('are refused if they say that this version is too old', async () => {
    await migrateFurther(fixture.store, '9999-future');
    await fixture.stop();
    await expect(fixture.start()).rejects.toThrow(StoreError);
    await expect(fixture.start()).rejects.toThrow(/newer version of workflow-graph/);
  });
});
