import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { doctorDialects } from '../../src/store/doctor/check.js';
import { checks } from '../../src/store/doctor/checks.js';
import { examine } from '../../src/store/doctor/examine.js';
import { kyselyOver } from '../../src/store/kysely-over.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { onlyIn } from '../support/open-test-store.js';
import { until } from '../support/until.js';

let fixture: EngineFixture;

/** A run with a job in each state but `skipped`, then one that has ended, with logs, retries and a skipped job. */
beforeEach(async () => {
  fixture = await new EngineFixture().start();
  await fixture.run(`
    jobs:
      done: { run: x }
      broken: { run: x }
      working: { run: x }
      later: { run: x, retries: 3, backoff: { fixed: 60 } }
      ready: { run: x, priority: -1 }
      held: { run: x, needs: [done, ready] }
      other: { run: x, needs: [broken, ready], if: always() }
  `);
  const jobs = new Map((await fixture.claimMany(4)).map((job) => [job.jobKey, job]));
  const job = (key: string) => {
    const found = jobs.get(key);
    if (found === undefined) throw new Error(`${key} was not claimed`);
    return found;
  };
  await fixture.engine.pushLogs(fixture.caller, job('done').leaseId, [
    { runId: '', jobKey: '', sequence: 0, data: 'hello\n', timestampMs: 1, stream: 'stdout' },
  ]);
  await fixture.complete(job('done'), { a: 'b' });
  await fixture.fail(job('broken'));
  await fixture.fail(job('later'), true);
  await fixture.run('jobs: { a: { run: x, labels: [over] }, b: { run: x, needs: a } }');
  await fixture.fail(await fixture.claimed({ labels: ['over'] }));
  const group = await fixture.define('{ concurrency: deploy, jobs: { grouped: { run: x } } }');
  await fixture.startRun(group);
  await fixture.startRun(group);
  await fixture.run('{ jobs: { first: { run: x, concurrency: load }, next: { run: x, concurrency: load } } }');
  const grid = await fixture.run(
    'jobs: { grid: { strategy: { matrix: { n: [1, 2] }, max-parallel: 1 }, run: x, labels: [grid] } }',
  );
  await until('the children exist', async () => {
    const { jobs: children } = await fixture.engine.childrenStatus(grid, { of: 'grid', limit: 2, offset: 0 });
    return children.length === 2;
  });
});

afterEach(async () => {
  await fixture.stop();
});

const row = (key: string) => `(select n.no * 1048576 + v.ord from version_jobs as v
  join runs as n on n.version = v.version where v.key = '${key}')`;

/** For each check, changes of the database that none of our code would make. */
const damage: Readonly<Record<string, readonly string[]>> = {
  'text-of-version': ['update version_texts set version = version + 1000'],
  'ended-run-has-figures': ['delete from run_figures'],
  'figures-of-runs': ['update run_figures set run = run + 1000'],
  'node-is-open': ['update matrices set open = 0, to_do = 0'],
  'children-are-made': ['update matrices set total = total + 1'],
  'children-counted': ['update matrices set failed = failed + 1'],
  'matrix-work-marked': ['update matrices set cancel_from = 0'],
  'one-live-lease': [
    `insert into attempts (job, number, worker_id, lease_hash, ttl_ms, claimed_at_ms, expires_at_ms, deadline_ms,
      log_bytes, has_output_lines, received)
      select job, 1, worker_id, lease_hash, ttl_ms, claimed_at_ms, expires_at_ms, deadline_ms, 0, 0, 1
      from attempts where outcome is null`,
  ],
  'running-is-leased': [`update attempts set outcome = 'success' where outcome is null`],
  'leased-is-running': [`update jobs set state = 'queued', enqueued_at_ms = 1 where state = 'running'`],
  'attempts-contiguous': [`update attempts set number = 7 where job = ${row('broken')}`],
  'attempts-within-budget': [`update attempts set number = 4 where job = ${row('later')}`],
  'retried-for-a-reason': [`update attempts set outcome = 'success' where job = ${row('later')}`],
  'one-attempt-at-a-time': [
    `insert into attempts (job, number, worker_id, lease_hash, ttl_ms, claimed_at_ms, expires_at_ms, deadline_ms,
      outcome, ended_at_ms, log_bytes, has_output_lines, received)
      select job, 1, worker_id, lease_hash, ttl_ms, claimed_at_ms, expires_at_ms, deadline_ms, 'failure',
      ended_at_ms + 1, 0, 0, 1 from attempts where job = ${row('later')}`,
    `update attempts set ended_at_ms = ended_at_ms + 1 where job = ${row('later')} and number = 0`,
  ],
  'begun-after-stopped': [
    `update attempts set ended_at_ms = null where job = ${row('a')}`,
    `insert into attempts
    (job, number, worker_id, lease_hash, ttl_ms, claimed_at_ms, expires_at_ms, deadline_ms, log_bytes, has_output_lines,
    received, outcome) select ${row('b')}, 0, 'w', 'h', 1, claimed_at_ms, 1, 1, 0, 0, 1, 'success' from attempts
    where job = ${row('a')}`,
  ],
  'held-for-a-reason': [`update jobs set settled = 2 where id = ${row('done')}`],
  'waiting-has-open-needs': [`update jobs set pending = 0 where id = ${row('held')}`],
  'open-needs-counted': [`update jobs set pending = 2 where id = ${row('held')}`],
  'bad-needs-counted': [`update jobs set bad = 0 where id = ${row('other')}`],
  'begun-after-needs': [
    `update jobs set ended_at_ms = ended_at_ms + 1000000 where id = ${row('a')}`,
    `insert into attempts
    (job, number, worker_id, lease_hash, ttl_ms, claimed_at_ms, expires_at_ms, deadline_ms, log_bytes, has_output_lines,
    received, outcome) select ${row('b')}, 0, 'w', 'h', 1, claimed_at_ms, 1, 1, 0, 0, 1, 'success' from attempts
    where job = ${row('a')}`,
  ],
  'claimable-is-ready': [`update jobs set pending = 1 where id = ${row('ready')}`],
  'queue-deadline-kept': [`update jobs set due_at_ms = 1 where id = ${row('ready')}`],
  'default-condition-held': [`update jobs set bad = 1 where id = ${row('ready')}`],
  'delayed-until': [`update jobs set delayed_until_ms = null where state = 'delayed'`],
  'success-was-reported': [`update attempts set outcome = 'failure' where job = ${row('done')}`],
  'failure-was-recorded': [`update attempts set outcome = 'success' where job = ${row('broken')}`],
  'tolerated-failure': [`update jobs set tolerated = 1 where id = ${row('broken')}`],
  'skipped-never-ran': [`update jobs set state = 'skipped' where id = ${row('broken')}`],
  'ended-has-time': [`update jobs set ended_at_ms = null where id = ${row('done')}`],
  'outputs-of-success': [`update jobs set outputs = '{}' where id = ${row('broken')}`],
  'settled-has-ended': [`update jobs set settled = 0 where id = ${row('ready')}`],
  'label-set-of-version': [`update jobs set label_set = 99 where id = ${row('ready')}`],
  'run-has-its-jobs': [`delete from jobs where id = ${row('ready')}`],
  'run-counts': [`update runs set failed = failed + 1`],
  'run-state': [`update runs set state = 'queued' where state = 'running'`],
  'run-ended-has-time': [`update runs set ended_at_ms = null`],
  'newest-run': [`update workflows set newest_run = 99`],
  'version-is-whole': [`delete from version_edges where to_ord = 5`],
  'current-version': [`update workflows set current_version = 99`],
  'lease-deadline': [`update attempts set deadline_ms = deadline_ms + 1 where outcome is null`],
  'logs-of-attempts': [`update log_chunks set attempt = 9`],
  'log-bytes': [`update attempts set log_bytes = log_bytes - 1`],
  'log-gap': [`update attempts set log_gap = '{"from":{"sequence":0,"stream":1},"to":{"sequence":9,"stream":1}}'`],
  'budget-of-generation': [`update jobs set budget_from = 1 where id = ${row('done')}`],
  'generations-recorded': [`update runs set generation = 2`],
  'run-deadline': [`update runs set deadline_ms = 1`],
  'variable-is-of-a-workflow': [`insert into variables (workflow, name, value, changed_at_ms) values (99, 'v', '', 1)`],
  'pause-is-of-something': [
    `insert into pauses (kind, subject, target, gate, reason, paused_at_ms) values ('run', 'r', 99, 99, '', 1)`,
  ],
  'paused-is-held': [
    `insert into pauses (kind, subject, target, gate, reason, paused_at_ms) select 'run', n.id, n.no, 1, '', 1 from runs as n`,
    `update events set at_ms = at_ms + 200000`,
  ],
  'backfill-ends-with-its-slots': [
    `insert into backfills (id, workflow, schedule, spec, from_ms, to_ms, newest_first, again, max_live, slots, total, created_at_ms, position)
     values ('b', 1, 's', '{}', 0, 1, 0, 0, 1, '[0]', 1, 0, 1)`,
  ],
  'schedule-is-of-a-workflow': [`insert into schedules (workflow, id, spec) values (99, 's', '{}')`],
  'schedule-is-due-after-its-slot': [
    `insert into schedules (workflow, id, spec, next_slot_ms, due_at_ms)
      select no, 's', '{}', 2, 1 from workflows where id = 'wf-1'`,
  ],
  'slot-has-one-run': [
    `insert into schedules (workflow, id, spec, next_slot_ms, due_at_ms)
      select no, 's', '{}', 5, 5 from workflows where id = 'wf-1'`,
    `update runs set trigger = 'schedule', schedule = 's', scheduled_at_ms = 5 where no = (select min(no) from runs)`,
  ],
  'scheduled-run-has-its-slot': [`update runs set trigger = 'schedule'`],
  'reruns-of-runs': [`insert into reruns (run, generation, at_ms, chosen, following) values (99, 2, 1, '[]', '[]')`],
  'places-counted': [
    `update gates set in_use = 2`,
    `update runs set held = 1 where gate is not null`,
    `update jobs set state = 'skipped', ended_at_ms = 1 where places is not null and state = 'queued'`,
  ],
  'held-by-a-gate': [
    `update jobs set gate = 99 where state = 'held'`,
    `update jobs set places = null where state = 'held'`,
    `update jobs set places = (select min(places) from jobs where state = 'queued' and places is not null) where state = 'held'`,
  ],
  'place-at-each-gate': [
    `update jobs set state = 'queued' where state = 'held'`,
    `update jobs set places = null where state = 'queued'`,
    `update jobs set places = null where idx = 0`,
  ],
  'children-in-parallel': [
    `update jobs set state = 'running', places = (select places from jobs where idx = 0) where idx = 1`,
    `update gates set in_use = 2 where key like 'node:%'`,
  ],
  'no-place-left-free': [`update events set at_ms = at_ms + 200000`, `update gates set in_use = 0`],
  'held-waits': [
    `update runs set activate_from = 0 where held = 1`,
    `update runs set gate_since_ms = null where held = 1`,
  ],
  'gates-of-runs': [`delete from gates`, `update runs set gate_cancels = 1 where held = 0`],
  'events-numbered': [`update counters set value = 1 where name = 'event'`],
  'events-without-gaps': [`delete from events where number = 2`],
  'end-told-once': [`delete from events where type = 'job.success'`],
};

describe('the doctor', () => {
  it('finds nothing in a database that only the engine has written', async () => {
    expect((await examine(fixture.store.read)).filter(({ violations }) => violations.length > 0)).toEqual([]);
  });

  it('has a test with damage for each of its checks', () => {
    expect(Object.keys(damage).sort()).toEqual(checks.map(({ name }) => name).sort());
  });

  it.each(Object.entries(damage))('detects damage to: %s', async (name, statements) => {
    await fixture.store.transact(async (connection) => {
      for (const statement of statements) await connection.query(statement, []);
    });
    const broken = (await examine(fixture.store.read)).filter(({ violations }) => violations.length > 0);
    expect(broken.map((finding) => finding.name)).toContain(name);
  });

  // The planner assumes that a table without statistics is small: a nested loop over all rows of both takes days.
  onlyIn('postgres')('asks nothing that takes time for each pair of rows, without statistics', async () => {
    const reader = await fixture.store.openReader();
    const db = kyselyOver(reader);
    try {
      for (const { name, violations } of checks) {
        const { rows } = await sql<{ 'QUERY PLAN': string }>`explain ${violations(doctorDialects.postgres)}`.execute(
          db,
        );
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan, name).not.toMatch(/Nested Loop|\bSubPlan\b/);
      }
    } finally {
      await reader.close();
    }
  });
});
