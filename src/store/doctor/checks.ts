import { type RawBuilder, sql } from 'kysely';

/** What one database says in words of its own. */
export interface DoctorDialect {
  /** The integer at a path of a JSON text, such as `retry.maxRetries`. */
  jsonInteger(column: RawBuilder<unknown>, path: readonly string[]): RawBuilder<number>;
  /** The number of bytes that a text takes in UTF-8. */
  bytes(column: RawBuilder<unknown>): RawBuilder<number>;
}

export const doctorDialects: Readonly<Record<'sqlite' | 'postgres', DoctorDialect>> = {
  sqlite: {
    jsonInteger: (column, path) => sql`json_extract(${column}, ${sql.lit(`$.${path.join('.')}`)})`,
    bytes: (column) => sql`octet_length(${column})`,
  },
  postgres: {
    jsonInteger: (column, path) => sql`cast(cast(${column} as jsonb) #>> ${sql.lit(`{${path.join(',')}}`)} as bigint)`,
    bytes: (column) => sql`octet_length(${column})`,
  },
};

/** Something that must always hold, and a query for what breaks it. */
export interface Check {
  readonly name: string;
  /** As a sentence that is true of a healthy database. */
  readonly promise: string;
  /** The rows that break it, each with a `subject` that says which. */
  readonly violations: (dialect: DoctorDialect) => RawBuilder<{ subject: string }>;
}

const run = sql`cast(j.id / 1048576 as text)`;
const job = sql`'run ' || ${run} || ', job ' || cast(j.id % 1048576 as text)`;
const ended = sql`('success', 'failure', 'skipped', 'cancelled')`;
const endedRun = sql`('success', 'failure', 'cancelled')`;
/** Runs that are being made, activated or cancelled in pieces are judged when that is over. */
const wholeRun = sql`n.state <> 'creating' and n.activate_from is null and n.cancel_from is null`;

/** Jobs with the run and the version that they belong to. */
const jobsOfRuns = sql`jobs as j join runs as n on n.no = j.id / 1048576`;
const jobsOfVersions = sql`${jobsOfRuns}
  join version_jobs as v on v.version = n.version and v.ord = j.id % 1048576`;
/** Each job with each job that it needs. */
const needsOfJobs = sql`${jobsOfRuns}
  join version_edges as e on e.version = n.version and e.to_ord = j.id % 1048576
  join jobs as need on need.id = n.no * 1048576 + e.from_ord`;

/**
 * Each table is read whole, and rows are counted by group before they are joined: so the cost is that of the tables'
 * sizes, whatever the database believes of them. See `readWholeTables` in store/postgres/session.ts.
 */
export const checks: readonly Check[] = [
  {
    name: 'one-live-lease',
    promise: 'A job has at most one live lease.',
    violations: () => sql`select 'job row ' || cast(a.job as text) || ' has ' || cast(count(*) as text) as subject
      from attempts as a where a.outcome is null group by a.job having count(*) > 1`,
  },
  {
    name: 'running-is-leased',
    promise: 'A job that runs has a live lease on its newest attempt.',
    violations: () => sql`select ${job} as subject from jobs as j
      left join attempts as a on a.job = j.id and a.number = j.attempt and a.outcome is null
      where j.state = 'running' and a.job is null`,
  },
  {
    name: 'leased-is-running',
    promise: 'A live lease is on the newest attempt of a job that runs.',
    violations:
      () => sql`select ${job} || ' is ' || j.state as subject from attempts as a join jobs as j on j.id = a.job
      where a.outcome is null and (j.state <> 'running' or a.number <> j.attempt)`,
  },
  {
    name: 'attempts-contiguous',
    promise: 'The attempts of a job are numbered from 0 without a gap.',
    violations: () => sql`select 'job row ' || cast(a.job as text) as subject from attempts as a
      group by a.job having count(*) <> max(a.number) + 1 or min(a.number) <> 0`,
  },
  {
    name: 'attempts-within-budget',
    promise: 'A job has no more attempts than its retries allow.',
    violations: ({ jsonInteger }) => sql`select ${job} || ', attempt ' || cast(max(a.number) as text) as subject
      from ${jobsOfVersions} join attempts as a on a.job = j.id
      group by j.id, v.spec having max(a.number) > ${jsonInteger(sql`v.spec`, ['retry', 'maxRetries'])}`,
  },
  {
    name: 'retried-for-a-reason',
    promise: 'Every attempt but the last failed, timed out or lost its lease.',
    violations: () => sql`select ${job} || ', attempt ' || cast(a.number as text) as subject
      from attempts as a join jobs as j on j.id = a.job
      where a.number < j.attempt and (a.outcome is null or a.outcome not in ('failure', 'lease_expired', 'timed_out'))`,
  },
  {
    name: 'waiting-has-open-needs',
    promise: 'A job that waits has a need that has not ended.',
    violations: () => sql`select ${job} as subject from ${jobsOfRuns}
      where j.state = 'waiting' and j.pending = 0 and ${wholeRun}`,
  },
  {
    name: 'open-needs-counted',
    promise: 'The count of open needs of a job that waits is that of its needs that have not ended.',
    violations: () => sql`select ${job} || ' counts ' || cast(j.pending as text) as subject from ${needsOfJobs}
      where j.state = 'waiting' and ${wholeRun} group by j.id, j.pending
      having j.pending <> sum(case when need.state in ${ended} and need.settled = 1 then 0 else 1 end)`,
  },
  {
    name: 'bad-needs-counted',
    promise: 'The count of needs without success of a job that waits is that of its needs that ended so.',
    violations: () => sql`select ${job} || ' counts ' || cast(j.bad as text) as subject from ${needsOfJobs}
      where j.state = 'waiting' and ${wholeRun} group by j.id, j.bad
      having j.bad <> sum(case when need.state in ('failure', 'skipped', 'cancelled') and need.settled = 1
        then 1 else 0 end)`,
  },
  {
    name: 'begun-after-needs',
    promise: 'A job was claimed only after all of its needs had ended.',
    violations: () => sql`select ${job} as subject from ${needsOfJobs}
      join attempts as a on a.job = j.id and a.number = 0
      where need.ended_at_ms is null or need.ended_at_ms > a.claimed_at_ms`,
  },
  {
    name: 'claimable-is-ready',
    promise: 'A job that can be claimed has no open need, and a time since when.',
    violations: () => sql`select ${job} as subject from jobs as j
      where j.state = 'queued' and (j.pending <> 0 or j.enqueued_at_ms is null)`,
  },
  {
    name: 'default-condition-held',
    promise: 'A job without an `if` began only when all of its needs succeeded.',
    violations: () => sql`select ${job} as subject from jobs as j
      where j.conditional = 0 and j.bad > 0 and j.state in ('queued', 'running', 'delayed', 'success', 'failure')`,
  },
  {
    name: 'delayed-until',
    promise: 'A job that is delayed was tried before and has a time until when.',
    violations: () => sql`select ${job} as subject from jobs as j
      where j.state = 'delayed' and (j.delayed_until_ms is null or j.attempt = 0)`,
  },
  {
    name: 'success-was-reported',
    promise: 'A job succeeded by its newest attempt.',
    violations: () => sql`select ${job} as subject from jobs as j
      left join attempts as a on a.job = j.id and a.number = j.attempt
      where j.state = 'success' and (a.outcome is null or a.outcome <> 'success')`,
  },
  {
    name: 'failure-was-recorded',
    promise: 'A job failed by its newest attempt.',
    violations: () => sql`select ${job} as subject from jobs as j
      left join attempts as a on a.job = j.id and a.number = j.attempt
      where j.state = 'failure' and (a.outcome is null or a.outcome not in ('failure', 'lease_expired', 'timed_out'))`,
  },
  {
    name: 'skipped-never-ran',
    promise: 'A job that was skipped has no attempt.',
    violations: () => sql`select ${job} as subject from jobs as j join attempts as a on a.job = j.id
      where j.state = 'skipped'`,
  },
  {
    name: 'ended-has-time',
    promise: 'A job has an end time when it has ended, and only then.',
    violations: () => sql`select ${job} as subject from jobs as j
      where (j.state in ${ended} and j.ended_at_ms is null)
        or (j.state not in ${ended} and j.state <> 'queued' and j.state <> 'delayed' and j.ended_at_ms is not null)`,
  },
  {
    name: 'outputs-of-success',
    promise: 'Only a job that succeeded has outputs.',
    violations: () => sql`select ${job} as subject from jobs as j
      where j.outputs is not null and j.state <> 'success'`,
  },
  {
    name: 'settled-has-ended',
    promise: 'Only a job that has ended can have dependants that are still to be told.',
    violations: () => sql`select ${job} as subject from jobs as j where j.settled = 0 and j.state not in ${ended}`,
  },
  {
    name: 'label-set-of-version',
    promise: 'A job requires the labels that its version says.',
    violations:
      () => sql`select ${job} as subject from ${jobsOfVersions} left join label_sets as s on s.id = v.label_set
      where j.label_set <> v.label_set or s.id is null`,
  },
  {
    name: 'run-has-its-jobs',
    promise: 'A run has a row for each job of its version.',
    violations: () => sql`select 'run ' || n.id as subject from runs as n
      left join versions as v on v.no = n.version
      left join (select i.id / 1048576 as run, count(*) as jobs from jobs as i group by i.id / 1048576) as j
        on j.run = n.no
      where n.state <> 'creating' and (v.no is null or n.job_count <> v.job_count or n.job_count <> coalesce(j.jobs, 0))`,
  },
  {
    name: 'run-counts',
    promise: 'The counts of a run are those of its jobs.',
    violations: () => sql`select 'run ' || n.id as subject from runs as n
      join (select i.id / 1048576 as run,
          sum(case when i.state in ${ended} then 0 else 1 end) as open,
          sum(case when i.state = 'failure' then 1 else 0 end) as failed,
          sum(case when i.state = 'cancelled' then 1 else 0 end) as cancelled
        from jobs as i group by i.id / 1048576) as j on j.run = n.no
      where n.state <> 'creating' and (n.open <> j.open or n.failed <> j.failed or n.cancelled <> j.cancelled)`,
  },
  {
    name: 'run-state',
    promise: 'The state of a run is a function of its jobs.',
    violations: () => sql`select 'run ' || n.id || ' is ' || n.state as subject from runs as n
      where n.state <> 'creating' and n.state <> case
        when n.open > 0 and n.started_at_ms is not null then 'running'
        when n.open > 0 then 'queued'
        when n.cancelled > 0 then 'cancelled'
        when n.failed > 0 then 'failure'
        else 'success' end`,
  },
  {
    name: 'run-ended-has-time',
    promise: 'A run has an end time when it has ended, and only then.',
    violations: () => sql`select 'run ' || n.id as subject from runs as n
      where (n.state in ${endedRun}) <> (n.ended_at_ms is not null)`,
  },
  {
    name: 'newest-run',
    promise: "A workflow's newest run is one of its runs.",
    violations: () => sql`select 'workflow ' || w.id as subject from workflows as w
      left join runs as n on n.no = w.newest_run
      where w.newest_run is not null and (n.no is null or n.workflow <> w.no)`,
  },
  {
    name: 'version-is-whole',
    promise: 'A version that counts has all of its jobs and needs.',
    violations: () => sql`select 'version ' || cast(v.no as text) as subject from versions as v
      left join (select i.version, count(*) as jobs, sum(i.needs) as needs from version_jobs as i group by i.version) as j
        on j.version = v.no
      left join (select i.version, count(*) as edges from version_edges as i group by i.version) as e
        on e.version = v.no
      where v.whole = 1
        and (v.job_count <> coalesce(j.jobs, 0) or coalesce(j.needs, 0) <> coalesce(e.edges, 0))`,
  },
  {
    name: 'current-version',
    promise: "A workflow's current version is a whole one of its own.",
    violations: () => sql`select 'workflow ' || w.id as subject from workflows as w
      left join versions as v on v.no = w.current_version
      where w.current_version is not null and (v.no is null or v.workflow <> w.no or v.whole <> 1)`,
  },
  {
    name: 'lease-deadline',
    promise: 'The deadline of a live lease is the earlier of its end and its timeout.',
    violations: () => sql`select 'job row ' || cast(a.job as text) as subject from attempts as a
      where a.outcome is null and a.received = 1 and a.deadline_ms <>
        case when a.timeout_at_ms is not null and a.timeout_at_ms < a.expires_at_ms
          then a.timeout_at_ms else a.expires_at_ms end`,
  },
  {
    name: 'logs-of-attempts',
    promise: 'Every log chunk belongs to an attempt.',
    violations: () => sql`select 'job row ' || cast(c.job as text) || ', attempt ' || cast(c.attempt as text) as subject
      from log_chunks as c left join attempts as a on a.job = c.job and a.number = c.attempt
      where a.job is null group by c.job, c.attempt`,
  },
  {
    name: 'log-bytes',
    promise: 'The counted bytes of a log are at least those that are stored.',
    violations: ({ bytes }) => sql`select 'job row ' || cast(a.job as text) || ', attempt ' || cast(a.number as text)
        as subject
      from attempts as a join log_chunks as c on c.job = a.job and c.attempt = a.number
      group by a.job, a.number, a.log_bytes having a.log_bytes < sum(${bytes(sql`c.data`)})`,
  },
  {
    name: 'events-numbered',
    promise: 'No event has a number beyond the last that was given out.',
    violations: () => sql`select 'event ' || cast(e.number as text) as subject from events as e
      where e.number > (select value from counters where name = 'event')`,
  },
  {
    name: 'events-without-gaps',
    promise: 'The numbers of the events have no gaps but where runs were pruned.',
    violations: () => sql`select 'after event ' || cast(e.number as text) as subject from events as e
      left join events as f on f.number = e.number + 1
      where f.number is null and e.number < (select value from counters where name = 'event')
        and not exists (select 1 from counters as c where c.name = 'pruned_events' and c.value > 0)`,
  },
  {
    name: 'end-told-once',
    promise: 'A job that has ended has exactly one event that says so.',
    // The events are counted first: looked up by run for each job, they would cost the square of the largest run.
    violations: () => sql`select ${job} as subject from jobs as j
      left join (select job, count(*) as ends, min(type) as type from events
        where type in ('job.success', 'job.failure', 'job.skipped', 'job.cancelled') and run = job / 1048576
        group by job) as e on e.job = j.id
      where j.state in ${ended} and (e.job is null or e.ends <> 1 or e.type <> 'job.' || j.state)`,
  },
];
