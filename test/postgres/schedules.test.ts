import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeSlotsOperation } from '../../src/engine/schedules/take-slots.js';
import { scaled, sized } from '../support/machine.js';
import { caller, claim, define, Engines } from '../support/postgres/engines.js';
import { until } from '../support/until.js';

const schedulesPerWorkflow = 20;

/** The number of slots that servers race for; 10,000 for a long run. Each round has one slot of every schedule. */
const wantedSlots = sized({
  of: 'raced slots',
  asked: process.env.CI === 'true' ? undefined : '1000',
  full: 10_000,
  floor: 1_000,
});

const rounds = Math.ceil(wantedSlots / schedulesPerWorkflow);
const slots = rounds * schedulesPerWorkflow;

let engines: Engines;

beforeEach(async () => {
  engines = await Engines.start(3);
});

afterEach(() => engines.end());

describe('servers on one database', () => {
  it(`start one run for each slot that they race for (${slots} slots)`, {
    timeout: scaled(60_000 + slots * 10),
  }, async () => {
    const entries = Array.from({ length: schedulesPerWorkflow }, () => '{cron: "0 0 1 1 *", within: 30d}');
    await define(engines.at(0).engine, 'w', `on: {schedule: [${entries.join(', ')}]}\njobs: {a: {run: x}}`);
    const racers = engines.members.map(({ engine }) => ({
      writer: engine.context.writer,
      operation: takeSlotsOperation(engine.context),
    }));
    const first = Date.now() - 86_400_000;
    for (let round = 0; round < rounds; round++) {
      await engines.query('update schedules set next_slot_ms = $1, due_at_ms = $1', [first + round]);
      let taken = 0;
      while (taken < schedulesPerWorkflow) {
        const answers = await Promise.all(racers.map(({ writer, operation }) => writer.submit(operation, null)));
        for (const { schedules } of answers) taken += schedules;
        // Slots taken by the loop of a server are not among the results.
        const [left] = await engines.query<{ count: string }>(
          'select count(*) as count from schedules where next_slot_ms = $1',
          [first + round],
        );
        if (Number(left?.count) === 0) break;
      }
    }
    const [runs] = await engines.query<{ all: string; distinct: string }>(
      `select count(*) as all, count(distinct (schedule, scheduled_at_ms)) as distinct from runs`,
    );
    expect(Number(runs?.all)).toBe(slots);
    expect(Number(runs?.distinct)).toBe(slots);
  });

  it('start one run for each time of a backfill, and at most as many at once as it allows', {
    timeout: scaled(60_000),
  }, async () => {
    const { engine } = engines.at(0);
    await define(engine, 'w', 'on: {schedule: [{id: daily, cron: "0 6 * * *"}]}\njobs: {a: {run: x}}');
    const toMs = Date.now();
    const days = 30;
    const asked = { caller, workflow: 'w', schedule: 'daily', fromMs: toMs - days * 86_400_000, toMs };
    await engine.createBackfill({ ...asked, maxLive: 3, order: 'oldest', again: false, dryRun: false });
    const counts = async () => {
      const [row] = await engines.query<{ all: string; distinct: string; live: string }>(
        `select count(*) as all, count(distinct scheduled_at_ms) as distinct,
           count(*) filter (where ended_at_ms is null) as live from runs where backfill is not null`,
      );
      return { all: Number(row?.all), distinct: Number(row?.distinct), live: Number(row?.live) };
    };
    await until('every run has ended', async () => {
      const { live } = await counts();
      expect(live).toBeLessThanOrEqual(3);
      await Promise.all(
        engines.members.map(async (member, at) => {
          const jobs = await claim(member.engine, { workerId: `w${at}`, maxJobs: 2 });
          for (const { leaseId } of jobs) await member.engine.completeJob(caller, leaseId, new Map());
        }),
      );
      const [backfill] = await engine.listBackfills('w');
      return backfill?.endedAtMs !== null && backfill?.live === 0;
    });
    const { all, distinct } = await counts();
    expect({ all, distinct }).toEqual({ all: days, distinct: days });
  });

  it(
    'without loops leave the slots to servers with loops, and notify them of schedules',
    async () => {
      const edge = await engines.join(undefined, { withoutLoops: true });
      try {
        const tokyo = 'on: {schedule: [{cron: "0 0 1 1 *", within: 30d}]}\njobs: {a: {run: x}}';
        await define(edge.engine, 'w', tokyo);
        // Without a notification the others would not look for a minute.
        await engines.query('update schedules set next_slot_ms = $1, due_at_ms = $1', [Date.now() - 1_000]);
        await define(edge.engine, 'v', tokyo);
        const started = async () => (await engines.query('select id from runs')).length > 0;
        await until('a run of the schedule', started, { withinMs: 10_000 });
      } finally {
        await edge.stop();
      }
    },
    scaled(30_000),
  );
});
