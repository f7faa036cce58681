import Database from 'better-sqlite3';
import type { End, Journal, Reported } from './journal.js';

interface JobRow {
  readonly run: string;
  readonly key: string;
  readonly state: string;
  readonly attempt: number;
  readonly outputs: string | null;
}

interface AttemptRow {
  readonly run: string;
  readonly key: string;
  readonly number: number;
  readonly worker_id: string;
  readonly outcome: string | null;
  readonly error: string | null;
}

/** Jobs with their run's id and their key. */
const namedJobs = `
  select r.id as run, v.key as key, j.* from jobs j
  join runs r on r.no = j.id / 1048576
  join version_jobs v on v.version = r.version and v.ord = j.id % 1048576`;

const ended = new Set(['success', 'failure', 'skipped', 'cancelled']);

/** Everything in the database that contradicts what the clients know; nothing when all is well. */
export function compare(databaseFile: string, journal: Journal): string[] {
  const database = new Database(databaseFile, { readonly: true });
  try {
    const facts = new Facts(database);
    return [
      ...journal.contradictions,
      ...checkFile(database),
      ...checkRuns(facts, journal),
      ...checkAttempts(facts, journal),
      ...checkReports(facts, journal),
      ...checkOutputsHandedOn(facts, journal),
      ...checkLogs(database, journal),
      ...checkEvents(database),
    ];
  } finally {
    database.close();
  }
}

class Facts {
  readonly runs: ReadonlyMap<string, string>;
  readonly jobs: ReadonlyMap<string, JobRow>;
  readonly attempts: ReadonlyMap<string, AttemptRow>;
  readonly needs: ReadonlyMap<string, readonly string[]>;

  constructor(database: Database.Database) {
    const runs = database.prepare('select id, state from runs').all() as { id: string; state: string }[];
    this.runs = new Map(runs.map(({ id, state }) => [id, state]));
    const jobs = database.prepare(namedJobs).all() as JobRow[];
    this.jobs = new Map(jobs.map((job) => [`${job.run}/${job.key}`, job]));
    const attempts = database
      .prepare(`select n.run, n.key, a.* from attempts a join (${namedJobs}) n on n.id = a.job`)
      .all() as AttemptRow[];
    this.attempts = new Map(attempts.map((row) => [`${row.run}/${row.key}/${row.number}`, row]));
    const edges = database
      .prepare(
        `select r.id as run, child.key as child, parent.key as parent from runs r
         join version_edges e on e.version = r.version
         join version_jobs parent on parent.version = r.version and parent.ord = e.from_ord
         join version_jobs child on child.version = r.version and child.ord = e.to_ord`,
      )
      .all() as { run: string; child: string; parent: string }[];
    const needs = new Map<string, string[]>();
    for (const { run, child, parent } of edges) {
      const name = `${run}/${child}`;
      needs.set(name, [...(needs.get(name) ?? []), `${run}/${parent}`]);
    }
    this.needs = needs;
  }
}

function* checkFile(database: Database.Database): Iterable<string> {
  const integrity = database.pragma('integrity_check') as { integrity_check: string }[];
  if (integrity[0]?.integrity_check !== 'ok') yield `integrity_check: ${JSON.stringify(integrity)}`;
  const strays = database.pragma('foreign_key_check') as unknown[];
  if (strays.length > 0) yield `foreign_key_check: ${JSON.stringify(strays.slice(0, 5))}`;
}

function* checkRuns(facts: Facts, journal: Journal): Iterable<string> {
  for (const run of journal.runs.values()) if (!facts.runs.has(run)) yield `run ${run} was acknowledged and is lost`;
  for (const run of journal.cancelled) if (!facts.runs.has(run)) yield `run ${run} was cancelled and is lost`;
  const statesOf = new Map<string, string[]>();
  for (const [name, job] of facts.jobs) {
    statesOf.set(job.run, [...(statesOf.get(job.run) ?? []), job.state]);
    if (!ended.has(job.state)) yield `job ${name} is ${job.state} at the end`;
    const needs = (facts.needs.get(name) ?? []).map((need) => facts.jobs.get(need)?.state);
    if (job.state === 'skipped' && needs.length === 0) yield `job ${name} is skipped and needs nothing`;
  }
  for (const [run, state] of facts.runs) {
    const states = statesOf.get(run) ?? [];
    const right = ['cancelled', 'failure'].find((one) => states.includes(one)) ?? 'success';
    if (state !== right) yield `run ${run} is ${state}, and its jobs are ${states.join(', ')}`;
  }
}

function* checkAttempts(facts: Facts, journal: Journal): Iterable<string> {
  const leases = new Map<string, string>();
  for (const { job, lease } of journal.claims) {
    const name = `${job.workflow_id}/${job.job_id}/${job.attempt}`;
    const row = facts.attempts.get(name);
    if (row === undefined) yield `attempt ${name} was claimed and is lost`;
    else if (row.worker_id !== lease.worker_id)
      yield `attempt ${name} was claimed by ${lease.worker_id}, not ${row.worker_id}`;
    const other = leases.get(name);
    if (other !== undefined && other !== lease.lease_id) yield `attempt ${name} was handed out twice`;
    leases.set(name, lease.lease_id);
  }
  for (const [name, { state, attempt }] of facts.jobs) {
    let count = 0;
    while (facts.attempts.has(`${name}/${count}`)) count++;
    const total = [...facts.attempts.values()].filter((row) => `${row.run}/${row.key}` === name).length;
    if (total !== count) yield `job ${name} has ${total} attempts, and skips number ${count}`;
    const last = facts.attempts.get(`${name}/${attempt}`)?.outcome;
    if ((state === 'success') !== (last === 'success')) yield `job ${name} is ${state}, its last attempt ${last}`;
  }
  for (const [name, row] of facts.attempts) if (row.outcome === null) yield `attempt ${name} has no outcome`;
}

function* checkReports(facts: Facts, journal: Journal): Iterable<string> {
  const taken = new Map<string, Reported>();
  for (const report of journal.reports) {
    const { claim, end, refused } = report;
    const name = `${claim.job.workflow_id}/${claim.job.job_id}/${claim.job.attempt}`;
    const row = facts.attempts.get(name);
    const recorded = row?.outcome === end.kind && (end.kind === 'success' || row.error === end.error);
    if (refused !== null) {
      if (recorded && end.kind === 'failure')
        yield `${name}: a report was refused (${refused}) and recorded all the same`;
      continue;
    }
    if (!recorded) yield `${name}: ${end.kind} was acknowledged, recorded is ${row?.outcome} (${row?.error})`;
    if (taken.has(claim.lease.lease_id)) yield `${name}: two ends were acknowledged under one lease`;
    taken.set(claim.lease.lease_id, report);
    if (end.kind !== 'success') continue;
    const outputs = JSON.parse(facts.jobs.get(`${claim.job.workflow_id}/${claim.job.job_id}`)?.outputs ?? '{}');
    yield* checkOutputs(name, end, outputs, journal, claim.lease.lease_id);
  }
}

function* checkOutputs(
  name: string,
  end: End & { kind: 'success' },
  outputs: Record<string, string>,
  journal: Journal,
  lease: string,
): Iterable<string> {
  const logged = journal.chunks.some(({ claim }) => claim.lease.lease_id === lease);
  const [, key, attempt] = name.split('/');
  const right = { ...(logged ? { from_log: `${key}.${attempt}` } : {}), ...end.outputs };
  for (const [output, value] of Object.entries(right)) {
    if (outputs[output] !== value) yield `${name}: output ${output} is ${outputs[output]} and not ${value}`;
  }
}

function* checkOutputsHandedOn(facts: Facts, journal: Journal): Iterable<string> {
  for (const { job } of journal.claims) {
    const name = `${job.workflow_id}/${job.job_id}`;
    const needs = (facts.needs.get(name) ?? []).filter((need) => facts.jobs.get(need)?.state === 'success');
    const right = Object.fromEntries(
      needs.map((need) => [need.split('/')[1] ?? '', JSON.parse(facts.jobs.get(need)?.outputs ?? '{}')]),
    );
    const sorted = (value: object) => JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    if (sorted(job.upstream_outputs) !== sorted(right)) {
      yield `${name} was given ${JSON.stringify(job.upstream_outputs)} and not ${JSON.stringify(right)}`;
    }
  }
}

function* checkLogs(database: Database.Database, journal: Journal): Iterable<string> {
  const rows = database
    .prepare(
      `select n.run, n.key, c.attempt, c.sequence, c.data from log_chunks c join (${namedJobs}) n on n.id = c.job`,
    )
    .all() as { run: string; key: string; attempt: number; sequence: number; data: string }[];
  const stored = new Map<string, string[]>();
  for (const { run, key, attempt, sequence, data } of rows) {
    const name = `${run}/${key}/${attempt}/${sequence}`;
    stored.set(name, [...(stored.get(name) ?? []), data]);
  }
  for (const [name, texts] of stored) if (texts.length > 1) yield `log chunk ${name} is stored ${texts.length} times`;
  for (const { claim, sequence, data } of journal.chunks) {
    const name = `${claim.job.workflow_id}/${claim.job.job_id}/${claim.job.attempt}/${sequence}`;
    if (stored.get(name)?.[0] !== data) yield `log chunk ${name} was acknowledged, stored is ${stored.get(name)}`;
  }
}

function* checkEvents(database: Database.Database): Iterable<string> {
  const [numbers] = database.prepare('select count(*) as count, max(number) as last from events').all() as {
    count: number;
    last: number;
  }[];
  if (numbers?.count !== numbers?.last) yield `of ${numbers?.last} events ${numbers?.count} are there`;
  const twice = database
    .prepare(
      `select run, type, count(*) as count from events
       where type in ('run.success', 'run.failure', 'run.cancelled') group by run having count(*) <> 1`,
    )
    .all();
  for (const row of twice) yield `a run ended more than once: ${JSON.stringify(row)}`;
}
