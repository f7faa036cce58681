import type { Connection } from '../../src/store/connection.js';

/**
 * Fills an empty database with roughly this many jobs and their rows. Each run has ten jobs in a chain; the last
 * hundredth of the runs is active, the others have ended.
 */
export async function fillTables(connection: Connection, jobs: number): Promise<void> {
  const runs = Math.ceil(jobs / 10);
  const numbers = (count: number) =>
    connection.dialect.name === 'postgres'
      ? `(select cast(i as bigint) as i from generate_series(0, ${count - 1}) as g(i)) as s`
      : `(with recursive g(i) as (select 0 union all select i + 1 from g where i < ${count - 1}) select i from g) as s`;
  const run = '(i / 10 + 1)';
  const id = `(${run} * 1048576 + i % 10)`;
  const isLive = `(i >= ${Math.floor(jobs * 0.99)})`;
  const state = `case when not ${isLive} then 'success' when i % 10 < 3 then 'success' when i % 10 = 3 then 'running'
    when i % 10 = 4 then 'queued' when i % 10 = 5 then 'delayed' when i % 10 = 9 then 'held' else 'waiting' end`;
  const texts = [
    `insert into label_sets (labels) select '["l' || i || '"]' from ${numbers(50)}`,
    `insert into workflows (id, source, current_version, newest_run, created_at_ms)
       select 'w' || i, 'file', i + 1, ${runs} - i, 1 from ${numbers(Math.min(runs, 50))}`,
    `insert into versions (workflow, number, hash, name, trigger, job_count, survivor_count, conditional_roots,
       root_label_sets, whole, created_at_ms)
       select i + 1, 1, 'h' || i, 'n' || i, '', 10, 0, 0, '[1]', 1, 1 from ${numbers(50)}`,
    `insert into version_jobs (version, ord, key, label_set, priority, needs, conditional, spec)
       select i / 10 + 1, i % 10, 'j' || (i % 10), 1 + i % 50, 0, case when i % 10 = 0 then 0 else 1 end, 0, '{}'
       from ${numbers(500)}`,
    `insert into version_texts (version, source, format, bytes, gzip)
       select i + 1, 'file', 'yaml', 1, 'x' from ${numbers(50)}`,
    `insert into version_edges (version, from_ord, to_ord) select i / 9 + 1, i % 9, i % 9 + 1 from ${numbers(450)}`,
    `insert into runs (id, workflow, version, state, inputs, request_hash, job_count, open, failed, cancelled,
       created_at_ms, cancel_forced, gate, gate_max, held, gate_since_ms)
       select 'r' || i, i % 50 + 1, i % 50 + 1, case when i >= ${Math.floor(runs * 0.99)} then 'running' else 'success' end,
       '{}', case when i % 20 = 0 then 'q' || i end, 10, 0, 0, 0, i, 0, case when i % 4 = 0 then i / 4 % 200 + 1 end,
       case when i % 4 = 0 then 1 end, case when i % 8 = 0 and i >= ${Math.floor(runs * 0.99)} then 1 else 0 end, i
       from ${numbers(runs)}`,
    `insert into gates (key, in_use, changed_at_ms) select 'run:g' || i, i % 2, i from ${numbers(200)}`,
    `insert into variables (workflow, name, value, changed_at_ms)
       select i % 51, 'v' || i, 'x', i from ${numbers(Math.min(runs, 500))}`,
    `insert into pauses (kind, subject, target, gate, reason, paused_at_ms)
       select 'workflow', 'w' || i, i + 1, i + 1, '', i from ${numbers(20)}`,
    `insert into schedules (workflow, id, spec, next_slot_ms, due_at_ms)
       select i / 2 + 1, 's' || (i % 2), '{}', i, i from ${numbers(Math.min(runs, 100))}`,
    `insert into backfills (id, workflow, schedule, spec, from_ms, to_ms, newest_first, again, max_live, slots, total,
       position, created_at_ms, ended_at_ms)
       select 'b' || i, i % 50 + 1, 's0', '{}', i, i + 1, 0, 0, 1, '[1]', 1, 1, i, i from ${numbers(Math.min(runs, 100))}`,
    `update runs set schedule = 's0', scheduled_at_ms = no, trigger = 'schedule',
       ended_at_ms = case when state = 'success' then no end where no % 3 = 0`,
    `insert into run_figures (run, workflow, ended_at_ms, state, duration_ms, waiting_ms, jobs)
       select no, workflow, no, state, 1, 1, '[]' from runs where state = 'success'`,
    `update runs set has_figures = 1 where state = 'success'`,
    `insert into jobs (id, label_set, priority, state, conditional, pending, bad, attempt, enqueued_at_ms,
       delayed_until_ms, settled, gate, places)
       select ${id}, 1 + i % 50, 0, ${state}, 0, 0, 0, 0, i, i + 1000, 1, case when i % 10 = 9 then 201 + i / 10 % 200 end,
       case when i % 10 = 9 then '[[' || (201 + i / 10 % 200) || ',1]]' end from ${numbers(jobs)}`,
    `insert into gates (key, in_use, changed_at_ms) select 'job:g' || i, i % 2, i from ${numbers(200)}`,
    `insert into matrices (job, total, open, fail_fast, to_do)
       select ${id}, 2, 0, 1, case when i % 1000 = 0 then 1 else 0 end from ${numbers(jobs)} where i % 20 = 0`,
    `insert into attempts (job, number, worker_id, lease_hash, request_hash, ttl_ms, claimed_at_ms, expires_at_ms,
       deadline_ms, outcome, log_bytes, has_output_lines, received)
       select ${id}, 0, 'w' || (i % 100), 'h' || i, case when i % 20 = 0 then 'q' || i end, 30000, i, i + 30000, i + 30000,
       case when ${isLive} and i % 10 = 3 then null else 'success' end, 0, 0, 1 from ${numbers(jobs)}
       where ${state} in ('success', 'running')`,
    `insert into log_chunks (job, attempt, sequence, stream, at_ms, data)
       select ${id}, 0, 0, 1, i, 'x' from ${numbers(jobs)} where i % 2 = 0`,
    `insert into events (number, at_ms, type, run, job, attempt)
       select i + 1, i, 'job.queued', ${run}, ${id}, 0 from ${numbers(jobs)}`,
    `insert into workers (id, labels, slots, version, registered_at_ms, seen_at_ms)
       select 'w' || i, '[]', 1, '', i, i from ${numbers(Math.min(jobs, 1_000))}`,
    `update workers set drained_at_ms = seen_at_ms, drain_reason = 'x', drain_stop = 1 where id in ('w1', 'w2')`,
  ];
  for (const text of texts) await connection.query(text, []);
  await connection.query('analyze', []);
}
