import { sql } from 'kysely';
import { runOf } from '../job-id-sql.js';
import type { Check } from './check.js';
import { ended, endedRun } from './fragments.js';

/** Invariants of runs and versions. */
export const runChecks: readonly Check[] = [
  {
    name: 'run-has-its-jobs',
    promise: 'A run has a row for each job of its version, beside those of children.',
    violations: () => sql`select 'run ' || n.id as subject from runs as n
      left join versions as v on v.no = n.version
      left join (select ${runOf('i.id')} as run, count(*) as jobs from jobs as i where i.group_ord is null group by ${runOf('i.id')}) as j
        on j.run = n.no
      where n.state <> 'creating' and (v.no is null or n.job_count <> v.job_count or n.job_count <> coalesce(j.jobs, 0))`,
  },
  {
    name: 'run-counts',
    promise: 'The counts of a run are those of its jobs without their children.',
    violations: () => sql`select 'run ' || n.id as subject from runs as n
      join (select ${runOf('i.id')} as run,
          sum(case when i.state in ${ended} then 0 else 1 end) as open,
          sum(case when i.state = 'failure' and i.tolerated = 0 then 1 else 0 end) as failed,
          sum(case when i.state = 'cancelled' then 1 else 0 end) as cancelled
        from jobs as i where i.group_ord is null group by ${runOf('i.id')}) as j on j.run = n.no
      where n.state <> 'creating' and (n.open <> j.open or n.failed <> j.failed or n.cancelled <> j.cancelled)`,
  },
  {
    name: 'run-state',
    promise: 'The state of a run is a function of its jobs.',
    violations: () => sql`select 'run ' || n.id || ' is ' || n.state as subject from runs as n
      where n.state <> 'creating' and n.state <> case
        when n.open > 0 and n.started_at_ms is not null then 'running'
        when n.open > 0 then 'queued'
        when n.timed_out = 1 then 'failure'
        when n.cancelled > 0 then 'cancelled'
        when n.failed > 0 then 'failure'
        else 'success' end`,
  },
  {
    name: 'run-ended-has-time',
    promise: 'A run has an end time exactly when it has ended.',
    violations: () => sql`select 'run ' || n.id as subject from runs as n
      where (n.state in ${endedRun}) <> (n.ended_at_ms is not null)`,
  },
  {
    name: 'ended-run-has-figures',
    promise:
      'A run that has ended has the figures that statistics count, unless a server of an older version ended it.',
    violations: () => sql`select 'run ' || n.id as subject from runs as n
      left join run_figures as f on f.run = n.no
      where n.has_figures = 1 and n.ended_at_ms is not null
        and (f.run is null or f.workflow <> n.workflow or f.ended_at_ms <> n.ended_at_ms or f.state <> n.state)`,
  },
  {
    name: 'figures-of-runs',
    promise: 'The figures of a run belong to a run that there is.',
    violations: () => sql`select 'run row ' || cast(f.run as text) as subject from run_figures as f
      left join runs as n on n.no = f.run where n.no is null`,
  },
  {
    name: 'run-deadline',
    promise: 'A run has a deadline only while it has not ended, and has timed out only when its cancel was requested.',
    violations: () => sql`select 'run ' || n.id as subject from runs as n
      where (n.deadline_ms is not null and (n.ended_at_ms is not null or n.timeout_ms is null or n.held = 1))
        or (n.timed_out = 1 and n.cancel_requested_at_ms is null)`,
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
    promise: 'A complete version has all of its jobs and needs.',
    violations: () => sql`select 'version ' || cast(v.no as text) as subject from versions as v
      left join (select i.version, count(*) as jobs, sum(i.needs) as needs from version_jobs as i group by i.version) as j
        on j.version = v.no
      left join (select i.version, count(*) as edges from version_edges as i group by i.version) as e
        on e.version = v.no
      where v.whole = 1
        and (v.job_count <> coalesce(j.jobs, 0) or coalesce(j.needs, 0) <> coalesce(e.edges, 0))`,
  },
  {
    name: 'text-of-version',
    promise: 'A stored text belongs to a version.',
    violations: () => sql`select 'text of version ' || cast(t.version as text) as subject from version_texts as t
      left join versions as v on v.no = t.version
      where v.no is null`,
  },
  {
    name: 'current-version',
    promise: "A workflow's current version is a complete version of its own.",
    violations: () => sql`select 'workflow ' || w.id as subject from workflows as w
      left join versions as v on v.no = w.current_version
      where w.current_version is not null and (v.no is null or v.workflow <> w.no or v.whole <> 1)`,
  },
  {
    name: 'lease-deadline',
    promise: 'The deadline of a live lease is the earlier of its end and its timeout, or the time to stop it.',
    violations: () => sql`select 'job row ' || cast(a.job as text) as subject from attempts as a
      where a.outcome is null and a.received = 1 and a.deadline_ms <>
        case when coalesce(a.stop_by_ms, a.timeout_at_ms) < a.expires_at_ms
          then coalesce(a.stop_by_ms, a.timeout_at_ms) else a.expires_at_ms end`,
  },
];
