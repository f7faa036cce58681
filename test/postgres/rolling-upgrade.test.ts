import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scaled } from '../support/machine.js';
import { migrateFurther } from '../support/migrate-further.js';
import { caller, claim, define, Engines, startRun, stateOf } from '../support/postgres/engines.js';

let engines: Engines;

beforeEach(async () => {
  engines = await Engines.start(1);
});

afterEach(() => engines.end());

const chain = 'jobs: { a: { run: x }, b: { run: x, needs: a }, c: { run: x, needs: b } }';

describe('servers that are upgraded one by one', () => {
  it('share runs, leases and waiting claims if one started before the tables were changed and one after', async () => {
    const older = engines.at(0);
    await define(older.engine, 'w', chain);
    const begun = await startRun(older.engine, 'w');
    const [a] = await claim(older.engine);

    await migrateFurther(older.store, '0001-initial');
    const newer = await engines.join();
    engines.members.push(newer);

    // A claim waiting at one server gets a job made claimable by a report at the other, in both directions.
    const atNewer = claim(newer.engine, { waitMs: scaled(10_000) });
    await older.engine.completeJob(caller, a?.leaseId ?? '', new Map([['k', 'v']]));
    const [b] = await atNewer;
    expect(b?.jobKey).toBe('b');
    expect(b?.upstreamOutputs.get('a')).toEqual(new Map([['k', 'v']]));
    const atOlder = claim(older.engine, { waitMs: scaled(10_000) });
    await newer.engine.completeJob(caller, b?.leaseId ?? '', new Map());
    const [c] = await atOlder;
    // A lease of one server is valid at the other.
    await newer.engine.completeJob(caller, c?.leaseId ?? '', new Map());
    expect(await stateOf(older.engine, begun)).toBe('success');

    // The other server works on whatever one defines and starts.
    await define(newer.engine, 'v', chain);
    const run = await startRun(newer.engine, 'v');
    for (const { engine } of [older, newer, older]) {
      const [job] = await claim(engine, { waitMs: scaled(10_000) });
      await engine.completeJob(caller, job?.leaseId ?? '', new Map());
    }
    expect(await stateOf(older.engine, run)).toBe('success');
    expect(await stateOf(newer.engine, run)).toBe('success');
  });
});
