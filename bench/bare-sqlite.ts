import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';

const jobsPerWorkflow = 10;

/**
 * Whole lives of jobs in SQLite alone, per second: workflows of ten independent jobs are inserted, each job is claimed
 * and completed with one update each, and a completion lowers the counters of its dependents (there are none, but the
 * query runs). This is the database alone: no server, leases, events or checks.
 *
 * @param operationsPerCommit how many inserts of workflows, claims and completions share one commit and its full sync
 */
export function bareSqliteLives(operationsPerCommit: number, seconds: number): number {
  const folder = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'workflow-graph-bench-sqlite-'));
  const database = new Database(join(folder, 'bare.db'));
  try {
    database.pragma('journal_mode = wal');
    database.pragma('synchronous = full');
    database.exec(`
      create table workflows (id integer primary key, jobs integer not null) strict;
      create table jobs (id integer primary key, workflow integer not null, state integer not null, pending integer not null,
        lease text, started_at_ms integer, ended_at_ms integer, spec text not null) strict;
      create index jobs_ready on jobs (id) where state = 1;
      create table needs (job integer, dependant integer, primary key (job, dependant)) strict, without rowid;
    `);
    return lives(database, operationsPerCommit, seconds);
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function lives(database: Database.Database, operationsPerCommit: number, seconds: number): number {
  const insertWorkflow = database.prepare('insert into workflows (jobs) values (?)');
  const insertJob = database.prepare('insert into jobs (workflow, state, pending, spec) values (?, 1, 0, ?)');
  const claim = database.prepare(
    `update jobs set state = 2, lease = ?, started_at_ms = ?
     where id = (select id from jobs where state = 1 order by id limit 1) returning id, spec`,
  );
  const complete = database.prepare(
    'update jobs set state = 3, ended_at_ms = ? where id = cast(? as integer) and lease = ? and state = 2',
  );
  const lower = database.prepare(
    `update jobs set pending = pending - 1, state = iif(pending = 1, 1, state)
     where id in (select dependant from needs where job = cast(? as integer))`,
  );
  const begin = database.prepare('begin immediate');
  const commit = database.prepare('commit');
  const spec = JSON.stringify({ command: 'true', labels: [], retry: { max_retries: 0 } });
  const claimed: { id: number; lease: string }[] = [];
  let ended = 0;

  /**
   * Completes the oldest claimed job if enough are claimed or none is ready; otherwise claims, otherwise inserts a
   * workflow.
   */
  function operation(at: number): void {
    const lease = `lease-${at}-0123456789abcdef`;
    const isFull = claimed.length >= operationsPerCommit;
    const found = isFull ? undefined : (claim.get(lease, Date.now()) as { id: number } | undefined);
    if (found !== undefined) {
      claimed.push({ id: found.id, lease });
      return;
    }
    const oldest = claimed.shift();
    if (oldest === undefined) insert();
    else end(oldest);
  }

  function insert(): void {
    const workflow = insertWorkflow.run(jobsPerWorkflow).lastInsertRowid;
    for (let n = 0; n < jobsPerWorkflow; n += 1) insertJob.run(workflow, spec);
  }

  function end(job: { id: number; lease: string }): void {
    complete.run(Date.now(), job.id, job.lease);
    lower.run(job.id);
    ended += 1;
  }

  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  for (let at = 0; performance.now() < endsAt; ) {
    begin.run();
    for (let n = 0; n < operationsPerCommit; n += 1) operation(at++);
    commit.run();
  }
  return ended / ((performance.now() - startedAt) / 1000);
}
