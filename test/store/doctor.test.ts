import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checks, doctorDialects } from '../../src/store/doctor/checks.js';
import { examine } from '../../src/store/doctor/examine.js';
import { kyselyOver } from '../../src/store/kysely-over.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { onlyIn } from '../support/open-test-store.js';

let fixture: EngineFixture;

/** A run with a job in each state but `skipped`, then one that is over, with logs, retries and a skipped job. */
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
});

afterEach(async () => {
  await fixture.stop();
});

const row = (key: string) => `(select n.no * 1048576 + v.ord from version_jobs as v
  join runs as n on n.version = v.version where v.key = '${key}')`;

/** For each check, changes of the database that no code of ours would make. */
const damage: Readonly<Record<string, readonly string[]>> = {
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
  'default-condition-held': [`update jobs set bad = 1 where id = ${row('ready')}`],
  'delayed-until': [`update jobs set delayed_until_ms = null where state = 'delayed'`],
  'success-was-reported': [`update attempts set outcome = 'failure' where job = ${row('done')}`],
  'failure-was-recorded': [`update attempts set outcome = 'success' where job = ${row('broken')}`],
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
  'log-bytes': [`update attempts set log_bytes = 0`],
  'events-numbered': [`update counters set value = 1 where name = 'event'`],
  'events-without-gaps': [`delete from events where number = 2`],
  'end-told-once': [`delete from events where type = 'job.success'`],
};

describe('the doctor', () => {
  it('finds nothing in a database that only the engine has written', async () => {
    expect((await examine(fixture.store.read)).filter(({ violations }) => violations.length > 0)).toEqual([]);
  });

  it('has damage to find for each of its checks', () => {
    expect(Object.keys(damage).sort()).toEqual(checks.map(({ name }) => name).sort());
  });

  it.each(Object.entries(damage))('finds what breaks %s', async (name, statements) => {
    await fixture.store.transact(async (connection) => {
      for (const statement of statements) await connection.query(statement, []);
    });
    const broken = (await examine(fixture.store.read)).filter(({ violations }) => violations.length > 0);
    expect(broken.map((finding) => finding.name)).toContain(name);
  });

  // A table without statistics is taken for small: whoever goes over all rows of one for each row of the other takes days.
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
