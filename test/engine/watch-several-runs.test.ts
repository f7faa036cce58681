import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WatchSeveralBatch, WatchSeveralQuery } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { soon } from '../support/until.js';

let fixture: EngineFixture;
const ends: AbortController[] = [];

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});
afterEach(async () => {
  for (const end of ends.splice(0)) end.abort();
  await fixture.end();
});

/** Watches runs; the received changes are in the list. */
function watch(query: Partial<WatchSeveralQuery>): WatchSeveralBatch[] {
  const batches: WatchSeveralBatch[] = [];
  const end = new AbortController();
  ends.push(end);
  const whole: WatchSeveralQuery = { ids: [], afterEvent: null, level: 'events', ...query };
  void (async () => {
    for await (const batch of fixture.engine.watchSeveralRuns(whole, end.signal)) batches.push(batch);
  })();
  return batches;
}

/** Waits while the clock advances, since the stream pauses after each batch of runs. */
function soonWithPauses(look: () => boolean) {
  return soon(async () => {
    await fixture.environment.advance(250);
    return look();
  });
}

const yaml = 'jobs: { a: { run: x }, b: { run: x, needs: a } }';

describe('watching several runs', () => {
  it('delivers a snapshot of each, then the changes of these and no others, and does not end with them', async () => {
    const one = await fixture.run(yaml);
    const two = await fixture.run(yaml);
    const other = await fixture.run(yaml);
    const batches = watch({ ids: [one, two] });
    await soon(() => batches.length === 2);
    expect(batches.map(({ snapshot, snapshotContinues }) => [snapshot[0]?.run?.runId, snapshotContinues])).toEqual([
      [one, true],
      [two, false],
    ]);
    expect(batches[0]?.lastEvent).toBe(0);
    for (let at = 0; at < 6; at++) await fixture.complete(await fixture.claimed());
    const events = () => batches.flatMap((batch) => batch.events);
    await soon(() => events().filter(({ type }) => type === 'run.success').length === 2);
    expect(events().some(({ runId }) => runId === other)).toBe(false);
    expect(batches.at(-1)?.lastEvent).toBeGreaterThan(batches[1]?.lastEvent ?? Number.NaN);
  });

  it('resumes after an event without a snapshot', async () => {
    const run = await fixture.run(yaml);
    await fixture.complete(await fixture.claimed());
    const batches = watch({ ids: [run], afterEvent: 0 });
    await soon(() => batches.length > 0);
    expect(batches[0]?.snapshot).toEqual([]);
    expect(batches[0]?.events[0]).toMatchObject({ runId: run });
  });

  it('refuses a run that does not exist', async () => {
    const query = { ids: ['none'], afterEvent: null, level: 'runs' } as const;
    const first = fixture.engine.watchSeveralRuns(query, new AbortController().signal).next();
    await expect(first).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('watching the state of runs', () => {
  it('starts with the requested runs, and sends them again when they change', async () => {
    const run = await fixture.run(yaml);
    await fixture.run(yaml);
    const batches = watch({ ids: [run], level: 'runs' });
    await soon(() => batches.length === 1);
    expect(
      batches[0]?.runs.map(({ runId, details }) => [runId, details?.counts.queued, details?.counts.waiting]),
    ).toEqual([[run, 1, 1]]);
    for (let at = 0; at < 4; at++) await fixture.complete(await fixture.claimed());
    await soonWithPauses(() => batches.at(-1)?.runs[0]?.state === 'success');
    expect(batches.every(({ runs }) => runs.every(({ runId }) => runId === run))).toBe(true);
    expect(batches.at(-1)?.runs[0]?.details?.counts.success).toBe(2);
  });

  it('without named runs sends every run that changes after the start of the stream', async () => {
    await fixture.run(yaml);
    const batches = watch({ level: 'runs' });
    await soon(() => batches.length === 1);
    expect([batches[0]?.runs, batches[0]?.lastEvent]).toEqual([[], expect.any(Number)]);
    const run = await fixture.run(yaml);
    await soonWithPauses(() => batches.some(({ runs }) => runs.some(({ runId }) => runId === run)));
  });
});
