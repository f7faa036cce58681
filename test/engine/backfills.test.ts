// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CreateBackfill } from '../../src/engine/schedules/change-backfill.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { soon } from '../support/until.js';

const dayMs = 24 * 60 * 60_000;

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const daily = (more = '', jobs = 'a: {run: x}') =>
  `on: {schedule: [{id: daily, cron: "0 6 * * *"${more}}]}\njobs: {${jobs}}`;

function backfill(days: number, more: Partial<CreateBackfill> = {}) {
  const nowMs = fixture.environment.now();
  return fixture.engine.createBackfill({
    caller: fixture.caller,
    workflow: 'w',
    schedule: 'daily',
    fromMs: nowMs - days * dayMs,
    toMs: nowMs,
    maxLive: 1,
    order: 'oldest',
    again: false,
    dryRun: false,
    ...more,
  });
}

async function slots(): Promise<string[]> {
  const rows = await fixture.store.read.query(
    'select scheduled_at_ms from runs where schedule is not null order by no',
    [],
  );
  return rows.map(({ scheduled_at_ms: ms }) => new Date(Number(ms)).toISOString().slice(5, 10));
}

async function newest() {
  const [view] = await fixture.engine.listBackfills('w');
  return view;
}

/** Runs the loop, which the hand-moved clock wakes, until there is a result. */
function eventually<T>(look: () => Promise<T>) {
  return soon(async () => {
    await fixture.environment.advance(1);
    return look();
  });
}

/** Ends jobs as they appear, until the backfill has none left. */
async function finish(): Promise<void> {
  await eventually(async () => {
    for (const job of await fixture.claimMany(100)) await fixture.complete(job);
    const view = await newest();
    return view !== undefined && view.endedAtMs !== null && view.live === 0;
  });
}

describe('a backfill', () => {
  it('starts a run for each past time, one after another, and the runs see their times', async () => {
    await fixture.define(daily(', inputs: { day: "${{ run.scheduled_at }}" }'), 'w');
    const created = await backfill(3);
    expect(created).toMatchObject({ total: 3, order: 'oldest', endedAtMs: null, isCancelled: false });
    await eventually(async () => (await slots()).length === 1);
    const job = await eventually(async () => fixture.claim());
    expect(job.inputs).toEqual(new Map([['day', '2025-12-29T06:00:00Z']]));
    expect(await newest()).toMatchObject({ position: 1, started: 1, live: 1 });
    await fixture.complete(job);
    await finish();
    expect(await slots()).toEqual(['12-29', '12-30', '12-31']);
    expect(await newest()).toMatchObject({ position: 3, started: 3, skipped: 0, refused: 0, live: 0 });
  });

  it('limits its concurrent runs, and starts with the newest if asked to', async () => {
    await fixture.define(daily(), 'w');
    await backfill(5, { maxLive: 2, order: 'newest' });
    await eventually(async () => (await slots()).length === 2);
    expect(await slots()).toEqual(['12-31', '12-30']);
    const [job] = await fixture.claimMany(1);
    if (job !== undefined) await fixture.complete(job);
    await eventually(async () => (await slots()).length === 3);
    expect(await newest()).toMatchObject({ live: 2, started: 3 });
    await finish();
    expect(await slots()).toEqual(['12-31', '12-30', '12-29', '12-28', '12-27']);
  });

  it('skips times that have a run, unless asked to run them again', async () => {
    await fixture.define(daily(), 'w');
    await backfill(2);
    await finish();
    expect(await backfill(3, { dryRun: true })).toMatchObject({ id: '', total: 3, skipped: 2 });
    await backfill(3);
    await finish();
    expect(await newest()).toMatchObject({ started: 1, skipped: 2 });
    await backfill(3, { again: true, maxLive: 10 });
    await finish();
    expect(await newest()).toMatchObject({ started: 3, skipped: 0 });
    expect((await slots()).toSorted()).toEqual(['12-29', '12-29', '12-30', '12-30', '12-31', '12-31']);
  });

  it('leaves the next time of the schedule to the schedule, and its runs block no other', async () => {
    await fixture.define(daily(', overlap: skip'), 'w');
    await backfill(1, { toMs: fixture.environment.now() + 10 * dayMs });
    await eventually(async () => (await slots()).length === 1);
    await fixture.environment.advance(7 * 60 * 60_000);
    expect(await slots()).toEqual(['12-31', '01-01']);
    expect(await newest()).toMatchObject({ total: 1, live: 1 });
  });

  it('continues after a restart, also with runs of many jobs', async () => {
    const jobs = Array.from({ length: 2_100 }, (_, at) => `j${at}: {run: x}`).join(', ');
    await fixture.define(daily('', jobs), 'w');
    await backfill(2);
    await eventually(async () => (await slots()).length === 1);
    await fixture.restart();
    await finish();
    expect(await slots()).toEqual(['12-30', '12-31']);
  });

  it('starts no more runs when cancelled, and a new backfill can follow', async () => {
    await fixture.define(daily(), 'w');
    const { id } = await backfill(3);
    await eventually(async () => (await slots()).length === 1);
    await expect(backfill(3)).rejects.toMatchObject({ code: 'conflict' });
    const { caller, engine } = fixture;
    expect(await engine.cancelBackfill({ caller, workflow: 'w', backfill: id })).toMatchObject({ isCancelled: true });
    await engine.cancelBackfill({ caller, workflow: 'w', backfill: id });
    const job = await fixture.claimed();
    await fixture.complete(job);
    await fixture.environment.advance(60_000);
    expect(await slots()).toEqual(['12-29']);
    await backfill(2);
    await finish();
    expect(await slots()).toEqual(['12-29', '12-30', '12-31']);
    const { events } = await engine.listAudit({ limit: 9, pageToken: '', action: 'backfill.cancelled', subject: '' });
    expect(events).toHaveLength(1);
  });

  it('counts the runs that cannot start, and continues', async () => {
    await fixture.define(`inputs: { n: { type: number } }\n${daily(', inputs: { n: "${{ vars.N }}" }')}`, 'w');
    await fixture.engine.setVariable({ caller: fixture.caller, workflow: '', name: 'N', value: 'no number' });
    await backfill(2);
    await finish();
    expect(await newest()).toMatchObject({ started: 0, refused: 2, position: 2 });
    expect((await newest())?.lastError).toContain('input "n"');
  });

  it('is refused where it makes no sense', async () => {
    await fixture.define('on: {schedule: [{id: daily, cron: "* * * * *"}]}\njobs: {a: {run: x}}', 'w');
    await expect(backfill(0)).rejects.toMatchObject({ code: 'malformed' });
    await expect(backfill(8)).rejects.toMatchObject({ code: 'too_large' });
    await expect(backfill(1, { schedule: 'nightly' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(backfill(1, { workflow: 'x' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(fixture.engine.listBackfills('x')).rejects.toMatchObject({ code: 'not_found' });
    await expect(
      fixture.engine.cancelBackfill({ caller: fixture.caller, workflow: 'w', backfill: 'none' }),
    ).rejects.toMatchObject({ code: 'not_found' });
  });
});
