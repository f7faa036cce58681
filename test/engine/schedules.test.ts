// biome-ignore-all lint/suspicious/noTemplateCurlyInString: workflow expressions use this syntax
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { scheduled, skippedSlots, slotsOf, startedRuns, timeOfDay } from '../support/scheduled-runs.js';

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

describe('a schedule', () => {
  it('starts a run at each of its times, and the run names the schedule', async () => {
    const id = await fixture.define(scheduled('cron: "*/10 * * * *"'));
    await fixture.environment.advance(25 * minuteMs);
    expect(await slots()).toEqual(['00:10:00', '00:20:00']);
    const [first] = await started();
    expect(timeOfDay(first?.created_at_ms ?? 0)).toBe('00:10:00');
    expect((await fixture.engine.workflowStatus(id)).run).toMatchObject({
      trigger: 'schedule',
      schedule: 'cron-1',
      scheduledAtMs: Date.UTC(2026, 0, 1, 0, 20),
    });
  });

  it('starts nothing before its next time, nor twice at one time, however often the file is loaded', async () => {
    await fixture.define(scheduled('cron: "0 * * * *"'), 'w');
    await fixture.environment.advance(59 * minuteMs);
    await fixture.define(scheduled('cron: "0 * * * *", jitter: 0'), 'w');
    await fixture.environment.advance(59_999);
    expect(await slots()).toEqual([]);
    await fixture.environment.advance(1);
    expect(await slots()).toEqual(['01:00:00']);
    await fixture.define(scheduled('cron: "0 * * * *", within: 1h'), 'w');
    await fixture.environment.advance(59 * minuteMs);
    expect(await slots()).toEqual(['01:00:00']);
  });

  it('passes its inputs in the form that the workflow declares', async () => {
    const inputs = 'inputs: {n: {type: number}, at: {}, b: {default: x}}\n';
    await fixture.define(scheduled('cron: "0 1 * * *", inputs: {n: 1e1, at: "at ${{ run.scheduled_at }}"}', inputs));
    await fixture.environment.advance(hourMs);
    const [run] = await started();
    expect(JSON.parse(run?.inputs ?? '')).toEqual({ n: '10', at: 'at 2026-01-01T01:00:00Z', b: 'x' });
  });

  it('is visible to expressions of its jobs', async () => {
    await fixture.define(
      'on: {schedule: [{cron: "0 1 * * *"}]}\njobs: {a: {run: x, env: {T: "${{ run.trigger }} ${{ run.scheduled_at }}"}}}',
    );
    await fixture.environment.advance(hourMs);
    expect((await fixture.claimed()).spec.env).toEqual({ T: 'schedule 2026-01-01T01:00:00Z' });
  });

  it('follows the clock changes of its time zone', async () => {
    await fixture.define(scheduled('cron: "0 2 * * *", timezone: Europe/Berlin'));
    await fixture.environment.advance(2 * hourMs);
    expect(await slots()).toEqual(['01:00:00']);
  });

  it('delays its run by a fraction of its jitter, the same on every server', async () => {
    await fixture.define(scheduled('cron: "0 * * * *", jitter: 30m'), 'w');
    await fixture.environment.advance(5 * hourMs);
    const delays = (await started()).map((run) => run.created_at_ms - run.scheduled_at_ms);
    expect(delays.length).toBeGreaterThanOrEqual(4);
    for (const delay of delays) expect(delay).toBeLessThanOrEqual(30 * minuteMs);
    expect(new Set(delays).size).toBe(delays.length);
  });

  it('starts each of its times, however large its jitter is', async () => {
    await fixture.define(scheduled('cron: "* * * * *", jitter: 1d'), 'w');
    await fixture.environment.advance(10 * minuteMs);
    const runs = await started();
    expect(runs.length).toBeGreaterThanOrEqual(9);
    for (const run of runs) expect(run.created_at_ms - run.scheduled_at_ms).toBeLessThan(minuteMs);
  });

  it('starts no more runs once its file drops it, or is removed', async () => {
    await fixture.define(scheduled('cron: "* * * * *"'), 'w');
    await fixture.environment.advance(minuteMs);
    await fixture.define('jobs: {a: {run: x}}', 'w');
    await fixture.define(scheduled('cron: "* * * * *"'), 'v');
    await fixture.engine.removeMissingWorkflows(['v', 'w']);
    await fixture.engine.removeMissingWorkflows(['w']);
    await fixture.environment.advance(5 * minuteMs);
    expect(await slots()).toEqual(['00:01:00']);
  });

  it('starts anew from the current time when its times change', async () => {
    await fixture.define(scheduled('cron: "0 * * * *"'), 'w');
    await fixture.environment.advance(50 * minuteMs);
    await fixture.define(scheduled('cron: "30 * * * *"'), 'w');
    await fixture.environment.advance(hourMs);
    expect(await slots()).toEqual(['01:30:00']);
  });

  it('that cannot start a run reports the reason, and continues with its next time', async () => {
    await fixture.define(scheduled('cron: "* * * * *", inputs: {n: "${{ fromJSON(\'x\') }}"}'), 'w');
    await fixture.environment.advance(2 * minuteMs);
    expect(await slots()).toEqual([]);
    expect(await skipped()).toMatchObject([
      { schedule: 'cron-1', reason: 'refused', from: '2026-01-01T00:01:00Z' },
      { schedule: 'cron-1', reason: 'refused', from: '2026-01-01T00:02:00Z' },
    ]);
  });

  it('starts a run of many jobs, all of them', async () => {
    const jobs = Array.from({ length: 4_500 }, (_, i) => `j${i}: {run: x}`).join(', ');
    const id = await fixture.define(`on: {schedule: [{cron: "0 1 * * *"}]}\njobs: {${jobs}}`);
    await fixture.environment.advance(hourMs);
    expect((await fixture.engine.workflowStatus(id)).run).toMatchObject({ state: 'queued', openJobs: 4_500 });
    expect(await fixture.claimMany(10)).toHaveLength(10);
  });
});

describe('a server after an outage', () => {
  async function away(schedule: string, ms: number): Promise<void> {
    await fixture.define(scheduled(schedule), 'w');
    await fixture.stop();
    fixture.environment.skip(ms);
    await fixture.start();
    await fixture.environment.advance(0);
  }

  it('starts a run for the newest of the missed times', async () => {
    await away('cron: "*/2 * * * *"', 9 * minuteMs);
    expect(await slots()).toEqual(['00:08:00']);
    expect(await skipped()).toEqual([
      { schedule: 'cron-1', reason: 'newer_slot', from: '2026-01-01T00:02:00Z', to: '2026-01-01T00:06:00Z' },
    ]);
  });

  it('starts nothing for times that are too long ago', async () => {
    await away('cron: "0 1 * * *"', hourMs + 11 * minuteMs);
    expect(await slots()).toEqual([]);
    expect(await skipped()).toEqual([
      { schedule: 'cron-1', reason: 'missed', from: '2026-01-01T01:00:00Z', to: '2026-01-01T01:00:00Z' },
    ]);
    await fixture.environment.advance(24 * hourMs);
    expect(await slots()).toEqual(['01:00:00']);
  });

  it('starts those within the time that the schedule allows', async () => {
    await away('cron: "0 1 * * *", within: 12h', 12 * hourMs);
    expect(await slots()).toEqual(['01:00:00']);
  });

  it('starts all of them if the schedule says so', async () => {
    await away('cron: "*/2 * * * *", catch-up: all', 9 * minuteMs);
    expect(await slots()).toEqual(['00:02:00', '00:04:00', '00:06:00', '00:08:00']);
  });

  it('starts very many of them in several transactions', async () => {
    await away('cron: "* * * * *", catch-up: all, within: 4h', 4 * hourMs);
    expect(await slots()).toHaveLength(4 * 60);
  });

  it('starts none of them if the schedule says so', async () => {
    await away('cron: "*/2 * * * *", catch-up: none', 9.5 * minuteMs);
    expect(await slots()).toEqual([]);
    await fixture.environment.advance(2 * minuteMs);
    expect(await slots()).toEqual(['00:10:00']);
  });

  it('reports the missed times of a year without enumerating all of them', async () => {
    await away('cron: "* * * * *", timezone: Europe/Berlin', 365 * 24 * hourMs);
    expect(await slots()).toHaveLength(1);
    expect(await skipped()).toMatchObject([
      { reason: 'missed', from: '2026-01-01T00:01:00Z' },
      { reason: 'newer_slot' },
    ]);
  });

  it('continues creating a run of many jobs', async () => {
    const jobs = Array.from({ length: 4_500 }, (_, i) => `j${i}: {run: x}`).join(', ');
    await fixture.define(`on: {schedule: [{cron: "0 1 * * *"}]}\njobs: {${jobs}}`, 'w');
    await fixture.environment.advance(hourMs);
    // The state after a crash behind the first range.
    await fixture.store.transact(async (connection) => {
      const [run] = await connection.query('select no from runs where schedule is not null', []);
      connection.execute(`delete from jobs where id >= ${Number(run?.no) * 2 ** 20 + 2_000}`, []);
      connection.execute(`update jobs set state = 'waiting', enqueued_at_ms = null`, []);
      connection.execute("update runs set state = 'creating', activate_from = 0", []);
      connection.execute('update workflows set newest_run = null', []);
      connection.execute('delete from events', []);
    });
    await fixture.restart();
    await fixture.environment.advance(15 * minuteMs);
    expect(await slots()).toEqual(['01:00:00']);
    expect((await fixture.engine.workflowStatus('w')).run).toMatchObject({ state: 'queued', openJobs: 4_500 });
    expect(await fixture.claimMany(10)).toHaveLength(10);
  });
});

describe('a paused schedule', () => {
  const pause = (schedule = 'cron-1') =>
    fixture.engine.pauseSchedule({ caller: fixture.caller, workflow: 'w', schedule, reason: 'database moves' });
  const resume = () => fixture.engine.resumeSchedule({ caller: fixture.caller, workflow: 'w', schedule: 'cron-1' });

  it('starts nothing until it is resumed, and does not catch up on missed times', async () => {
    await fixture.define(scheduled('cron: "* * * * *", catch-up: all, within: 1d'), 'w');
    await fixture.environment.advance(minuteMs);
    await pause();
    await fixture.environment.advance(5 * minuteMs);
    await resume();
    await fixture.environment.advance(minuteMs);
    expect(await slots()).toEqual(['00:01:00', '00:07:00']);
  });

  it('stays paused when its file changes and when the server restarts', async () => {
    await fixture.define(scheduled('cron: "* * * * *"'), 'w');
    await pause();
    await fixture.define(scheduled('cron: "*/2 * * * *"'), 'w');
    await fixture.restart();
    await fixture.environment.advance(10 * minuteMs);
    expect(await slots()).toEqual([]);
    const { schedules } = await fixture.engine.listSchedules({ workflow: 'w', limit: 10, pageToken: '' });
    expect(schedules).toMatchObject([
      {
        nextMs: null,
        paused: { atMs: Date.UTC(2026, 0, 1), reason: 'database moves' },
        explanation: 'It is paused since 2026-01-01T00:00:00Z: database moves. It has not been due yet.',
      },
    ]);
  });

  it('is paused once, however often that is requested, and the audit log shows it once', async () => {
    await fixture.define(scheduled('cron: "* * * * *"'), 'w');
    await pause();
    await fixture.environment.advance(minuteMs);
    await pause();
    await resume();
    await resume();
    const { events } = await fixture.engine.listAudit({ limit: 10, pageToken: '', action: '', subject: 'w' });
    expect(events.map(({ action }) => action)).toEqual(['schedule.resumed', 'schedule.paused', 'workflow.created']);
  });

  it('must exist', async () => {
    await fixture.define(scheduled('cron: "* * * * *"'), 'w');
    await expect(pause('nightly')).rejects.toMatchObject({
      code: 'not_found',
      message: 'schedule "nightly" of workflow "w" does not exist; it has "cron-1"',
    });
  });
});

describe('the list of schedules', () => {
  const list = (limit: number, pageToken = '', workflow = '') =>
    fixture.engine.listSchedules({ workflow, limit, pageToken });

  it('says when each is due next, and the result of its last time', async () => {
    await fixture.define(scheduled('cron: "* * * * *", overlap: skip, jitter: 10s'), 'w');
    await fixture.environment.advance(90_000);
    const [first] = (await list(10)).schedules;
    expect(first).toMatchObject({
      workflowId: 'w',
      nextMs: Date.UTC(2026, 0, 1, 0, 2),
      lastMs: Date.UTC(2026, 0, 1, 0, 1),
      lastOutcome: 'started',
    });
    expect((first?.nextStartMs ?? 0) - (first?.nextMs ?? 0)).toBeLessThan(10_000);
    await fixture.environment.advance(minuteMs);
    const [second] = (await list(10)).schedules;
    expect(second?.explanation).toBe(
      `It is due next at 2026-01-01T00:03:00Z. At 2026-01-01T00:02:00Z it started nothing, because run ${first?.lastRun} had not ended.`,
    );
  });

  it('is paged, with each schedule once', async () => {
    for (const id of ['b', 'a', 'c']) {
      await fixture.define(scheduled('cron: "@daily", id: x}, {cron: "@daily", id: w'), id);
    }
    const found: string[] = [];
    let token = '';
    do {
      const page = await list(4, token);
      found.push(...page.schedules.map(({ workflowId, schedule }) => `${workflowId}.${schedule.id}`));
      token = page.nextPageToken;
    } while (token !== '');
    expect(found).toEqual(['b.w', 'b.x', 'a.w', 'a.x', 'c.w', 'c.x']);
    expect((await list(10, '', 'a')).schedules).toHaveLength(2);
    await expect(list(10, '', 'nope')).rejects.toMatchObject({ code: 'not_found' });
    await expect(list(10, 'nope')).rejects.toMatchObject({ code: 'malformed' });
  });
});
