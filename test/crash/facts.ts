import Database from 'better-sqlite3';
import type { AttemptName } from './journal.js';

/** The content of a database in the terms of the journals. Jobs are `<run>/<job>`. */
export interface Facts {
  /** Damage of the file that SQLite reports. */
  readonly damage: readonly string[];
  readonly runs: ReadonlyMap<string, RunFact>;
  readonly jobs: ReadonlyMap<string, JobFact>;
  readonly attempts: ReadonlyMap<AttemptName, AttemptFact>;
  /** Attempts that were released unrun: the next attempt has the same number. */
  readonly released: ReadonlySet<AttemptName>;
  readonly logs: ReadonlyMap<AttemptName, readonly ChunkFact[]>;
  /** The needs of a job. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
  readonly events: { readonly count: number; readonly last: number };
  /** Runs that do not have exactly one end event. */
  readonly endedOften: readonly string[];
}

export interface RunFact {
  readonly state: string;
  readonly cancelRequested: boolean;
  readonly endedAtMs: number | null;
}

export interface JobFact {
  readonly run: string;
  readonly state: string;
  readonly attempt: number;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface AttemptFact {
  readonly job: string;
  readonly number: number;
  readonly worker: string;
  readonly outcome: string | null;
  readonly error: string | null;
  readonly endedAtMs: number | null;
}

export interface ChunkFact {
  readonly sequence: number;
  readonly stream: string;
  readonly data: string;
}

/** Jobs with their run's id and their key. */
const namedJobs = `
  select j.id, j.state, j.attempt, j.outputs, r.id as run, r.id || '/' || v.key as name from jobs j
  join runs r on r.no = j.id / 1048576
  join version_jobs v on v.version = r.version and v.ord = j.id % 1048576`;

/** Reads a database file that no server uses. */
export function readFacts(file: string): Facts {
  const database = new Database(file, { readonly: true });
  const all = <Row>(sql: string) => database.prepare<[], Row>(sql).all();
  try {
    const attemptNames = `select a.*, n.name as job_name from attempts a join (${namedJobs}) n on n.id = a.job`;
    return {
      damage: damageOf(database),
      runs: new Map(
        all<{ id: string; state: string; cancel: number } & EndedRow>(
          'select id, state, cancel_requested_at_ms is not null as cancel, ended_at_ms from runs',
        ).map(({ id, state, cancel, ended_at_ms }) => [
          id,
          { state, cancelRequested: cancel === 1, endedAtMs: ended_at_ms },
        ]),
      ),
      jobs: new Map(
        all<{ name: string; run: string; state: string; attempt: number; outputs: string | null }>(namedJobs).map(
          ({ name, run, state, attempt, outputs }) => [
            name,
            { run, state, attempt, outputs: JSON.parse(outputs ?? '{}') as Record<string, string> },
          ],
        ),
      ),
      attempts: new Map(
        all<Omit<AttemptFact, 'job' | 'worker' | 'endedAtMs'> & Record<'job_name' | 'worker_id', string> & EndedRow>(
          attemptNames,
        ).map(({ job_name, number, worker_id, outcome, error, ended_at_ms }) => [
          `${job_name}/${number}`,
          { job: job_name, number, worker: worker_id, outcome, error, endedAtMs: ended_at_ms },
        ]),
      ),
      released: new Set(
        all<{ name: string }>(
          `select n.name || '/' || e.attempt as name from events e join (${namedJobs}) n on n.id = e.job
           where e.type = 'job.queued' and e.data like '%"released"%'`,
        ).map(({ name }) => name),
      ),
      logs: grouped(
        all<ChunkFact & { name: string }>(
          `select n.name || '/' || c.attempt as name, c.sequence, c.data,
             case c.stream when 1 then 'stdout' else 'stderr' end as stream
           from log_chunks c join (${namedJobs}) n on n.id = c.job order by c.job, c.attempt, c.sequence`,
        ),
        ({ name }) => name,
        ({ sequence, stream, data }) => ({ sequence, stream, data }),
      ),
      needs: grouped(
        all<{ child: string; parent: string }>(
          `select r.id || '/' || child.key as child, r.id || '/' || parent.key as parent from runs r
           join version_edges e on e.version = r.version
           join version_jobs parent on parent.version = r.version and parent.ord = e.from_ord
           join version_jobs child on child.version = r.version and child.ord = e.to_ord`,
        ),
        ({ child }) => child,
        ({ parent }) => parent,
      ),
      events: all<{ count: number; last: number }>(
        'select count(*) as count, coalesce(max(number), 0) as last from events',
      )[0] ?? { count: 0, last: 0 },
      endedOften: all<{ id: string }>(
        `select r.id from events e join runs r on r.no = e.run
         where e.type in ('run.success', 'run.failure', 'run.cancelled') group by r.no having count(*) <> 1`,
      ).map(({ id }) => id),
    };
  } finally {
    database.close();
  }
}

interface EndedRow {
  readonly ended_at_ms: number | null;
}

function damageOf(database: Database.Database): string[] {
  const integrity = database.pragma('integrity_check') as { integrity_check: string }[];
  const strays = database.pragma('foreign_key_check') as unknown[];
  return [
    ...integrity.map((row) => row.integrity_check).filter((text) => text !== 'ok'),
    ...strays.map((stray) => `a foreign key has no target: ${JSON.stringify(stray)}`),
  ];
}

function grouped<Row, Value>(
  rows: readonly Row[],
  toKey: (row: Row) => string,
  toValue: (row: Row) => Value,
): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const row of rows) {
    const group = groups.get(toKey(row));
    if (group === undefined) groups.set(toKey(row), [toValue(row)]);
    else group.push(toValue(row));
  }
  return groups;
}
