import type { ClaimedJob } from '../../src/engine/engine.js';
import type { EngineFixture } from './engine-fixture.js';
import { until } from './until.js';

/** Waits for this number of children: they become claimable in a separate transaction. */
export async function claimChildren(
  fixture: EngineFixture,
  count: number,
  labels: readonly string[] = [],
): Promise<ClaimedJob[]> {
  const claimed: ClaimedJob[] = [];
  await until(`${count} claimed jobs`, async () => {
    claimed.push(...(await fixture.claimMany(count - claimed.length, { labels: [...labels] })));
    return claimed.length >= count;
  });
  return claimed.sort((a, b) => (a.child?.index ?? 0) - (b.child?.index ?? 0));
}

export async function untilRun(fixture: EngineFixture, run: string, state: string): Promise<void> {
  await until(`the run is ${state}`, async () => (await fixture.runState(run)) === state);
}
