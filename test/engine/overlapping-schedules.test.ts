// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { scheduled, skippedSlots, slotsOf, startedRuns } from '../support/scheduled-runs.js';
import { soon } from '../support/until.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});
afterEach(() => fixture.end());

const started = () => startedRuns(fixture);
const slots = () => slotsOf(fixture);
const skipped = () => skippedSlots(fixture);

/** Whether each of them waits for a place, by slot. */
async function heldRuns(): Promise<number[]> {
  const rows = await fixture.store.read.query(
    'select held from runs where schedule is not null order by scheduled_at_ms',
    [],
  );
  return rows.map(({ held }) => Number(held));
}

/** Ends the claimable jobs. */
async function finishAll(): Promise<void> {
  for (const job of await fixture.claimMany(100)) await fixture.complete(job);
}

describe('while an earlier run has not ended', () => {
  it('`overlap: queue` holds after a crash during the creation of a run of many jobs', async () => {
    const jobs = Array.from({ length: 4_500 }, (_, i) => `j${i}: {run: x}`).join(', ');
    await fixture.define(`on: {schedule: [{cron: "0 * * * *", overlap: queue}]}\njobs: {${jobs}}`, 'w');
    await fixture.environment.advance(2 * hourMs);
    await soon(async () => (await heldRuns()).join() === '0,1');
    // The state after a crash behind the first range of the second run.
    await fixture.store.transact(async (connection) => {
      const [run] = await connection.query('select max(no) as no from runs', []);
      const no = Number(run?.no);
      connection.execute(`delete from jobs where id >= ${no * 2 ** 20 + 2_000}`, []);
      connection.execute(
        `update runs set state = 'creating', activate_from = 0, held = 0, gate = null, gate_max = null, gate_since_ms = null where no = ${no}`,
        [],
      );
      connection.execute(`update workflows set newest_run = ${no - 1}`, []);
      connection.execute('delete from events', []);
    });
    await fixture.restart();
    await fixture.environment.advance(15 * minuteMs);
    await soon(async () => (await heldRuns()).join() === '0,1');
  });

  it('`overlap: skip` skips a time and names the run that blocked it', async () => {
    await fixture.define(scheduled('cron: "* * * * *", overlap: skip'), 'w');
    await fixture.environment.advance(3 * minuteMs);
    expect(await slots()).toEqual(['00:01:00']);
    const { run } = await fixture.engine.workflowStatus('w');
    expect(await skipped()).toMatchObject([
      { reason: 'overlap', run: run?.runId, from: '2026-01-01T00:02:00Z' },
      { reason: 'overlap', run: run?.runId, from: '2026-01-01T00:03:00Z' },
    ]);
    await finishAll();
    await fixture.environment.advance(minuteMs);
    expect(await slots()).toEqual(['00:01:00', '00:04:00']);
  });

  it('only runs of the same schedule block each other', async () => {
    await fixture.define(scheduled('cron: "*/2 * * * *", overlap: skip}, {cron: "1-59/2 * * * *", overlap: skip'), 'w');
    await fixture.startRun('w');
    await fixture.environment.advance(3 * minuteMs);
    expect(await slots()).toEqual(['00:01:00', '00:02:00']);
  });

  it('`overlap: queue` makes the new run wait, and `why` names the run ahead of it', async () => {
    await fixture.define(scheduled('cron: "* * * * *", overlap: queue'), 'w');
    await fixture.startRun('w');
    await fixture.environment.advance(3 * minuteMs);
    expect(await heldRuns()).toEqual([0, 1, 1]);
    const { run } = await fixture.engine.workflowStatus('w');
    const { reasons } = await fixture.engine.explainRun(run?.runId ?? '');
    expect(reasons[0]?.sentence).toContain('for a place in group "schedule:w/cron-1" (1 at a time)');
    const { gates } = await fixture.engine.listGates({ prefix: 'sched', limit: 10, pageToken: '' });
    expect(gates).toMatchObject([{ group: 'schedule:w/cron-1', inUse: 1, waitingTotal: 2 }]);
    await finishAll(); // the requested run, and that of the first slot
    await soon(async () => (await heldRuns()).join() === '0,0,1');
    await soon(async () => (await fixture.claimMany(100)).length === 1);
  });

  it('`overlap: cancel` cancels the earlier run, and starts once that has ended', async () => {
    await fixture.define(scheduled('cron: "* * * * *", overlap: cancel', 'inputs: {}\n'), 'w');
    await fixture.environment.advance(minuteMs);
    await fixture.claimed({ leaseTtlSecs: 3_600 });
    await fixture.environment.advance(2 * minuteMs);
    await soon(async () => (await started()).map(({ state }) => state).join() === 'cancelled,cancelled,queued');
  });

  it('`overlap: queue` makes a large run wait too', async () => {
    const jobs = Array.from({ length: 4_500 }, (_, at) => `j${at}: {run: x}`).join(', ');
    await fixture.define(`on: {schedule: [{cron: "0 * * * *", overlap: queue}]}\njobs: {${jobs}}`, 'w');
    await fixture.environment.advance(2 * hourMs);
    await soon(async () => (await heldRuns()).join() === '0,1');
  });

  it('`overlap: allow` starts another one', async () => {
    await fixture.define(scheduled('cron: "* * * * *"'), 'w');
    await fixture.environment.advance(3 * minuteMs);
    expect(await slots()).toHaveLength(3);
  });
});

describe('a schedule of a workflow whose runs are in a group', () => {
  it('starts runs that wait for their places', async () => {
    await fixture.define(scheduled('cron: "* * * * *"', 'concurrency: deploy\n'), 'w');
    await fixture.environment.advance(2 * minuteMs);
    expect((await started()).map(({ state }) => state)).toEqual(['queued', 'queued']);
    expect(await fixture.claimMany(10)).toHaveLength(1);
    const { runs } = await fixture.engine.listRuns({
      workflows: ['w'],
      states: [],
      createdAfterMs: null,
      createdBeforeMs: null,
      startedBy: '',
      query: '',
      limit: 10,
      pageToken: '',
      withDetails: false,
    });
    expect(runs.map(({ held, schedule }) => [held, schedule])).toEqual([
      [true, 'cron-1'],
      [false, 'cron-1'],
    ]);
  });

  it.each([['{a: {run: x}}'], [`{${Array.from({ length: 2_500 }, (_, i) => `j${i}: {run: x}`).join(', ')}}`]])(
    'reports the refused time if no queue is allowed: %.20s',
    async (jobs) => {
      await fixture.define(
        `on: {schedule: [{cron: "* * * * *"}]}\nconcurrency: {group: deploy, queue: none}\njobs: ${jobs}`,
        'w',
      );
      await fixture.environment.advance(2 * minuteMs);
      expect(await slots()).toEqual(['00:01:00']);
      expect(await skipped()).toMatchObject([
        {
          schedule: 'cron-1',
          reason: 'refused',
          from: '2026-01-01T00:02:00Z',
          error: expect.stringContaining('deploy'),
        },
      ]);
      const { schedules } = await fixture.engine.listSchedules({ workflow: 'w', limit: 1, pageToken: '' });
      expect(schedules).toMatchObject([{ lastOutcome: 'refused', lastMs: Date.UTC(2026, 0, 1, 0, 2) }]);
    },
  );
});
