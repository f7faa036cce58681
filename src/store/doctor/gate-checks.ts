import { sql } from 'kysely';
import { runOf } from '../job-id-sql.js';
import type { Check, DoctorDialect } from './check.js';
import { job, jobsOfVersions } from './fragments.js';

/** The states of a job that waits at gates, or has their places. */
const beforeItsEnd = sql`('held', 'queued', 'delayed', 'running')`;

/** The gates of each job, with the time since when it has a place there. */
const placesOfJobs = ({ innerLists }: DoctorDialect) =>
  innerLists({ table: 'jobs', kept: ['id', 'state'], column: 'places', as: ['gate', 'max', 'since_ms'] });

/** The number of gates of each unfinished job, and of its places. */
const waysOfJobs = (dialect: DoctorDialect) => sql`(select w.id, count(*) as way, count(w.since_ms) as places
  from ${placesOfJobs(dialect)} as w where w.state in ${beforeItsEnd} group by w.id)`;

/** Invariants of groups. */
export const gateChecks: readonly Check[] = [
  {
    name: 'places-counted',
    promise: 'The used places of a gate are those of its admitted runs and jobs that have not ended.',
    violations: (
      dialect,
    ) => sql`select 'gate ' || g.key || ' counts ' || cast(g.in_use as text) as subject from gates as g
      left join (select i.gate, count(*) as holders from runs as i
        where i.gate is not null and i.held = 0 and i.ended_at_ms is null and i.state <> 'creating' group by i.gate) as h
        on h.gate = g.no
      left join (select w.gate, count(*) as holders from ${placesOfJobs(dialect)} as w
        where w.state in ${beforeItsEnd} and w.since_ms is not null group by w.gate) as p on p.gate = g.no
      where g.in_use <> coalesce(h.holders, 0) + coalesce(p.holders, 0)`,
  },
  {
    name: 'held-waits',
    promise:
      'A run that waits at a gate has that gate and the time since when it waits, has not ended, and has no claimable job.',
    violations: () => sql`select 'run ' || n.id as subject from runs as n left join gates as g on g.no = n.gate
      left join (select ${runOf('i.id')} as run, count(*) as open from jobs as i
        where i.state in ('queued', 'delayed', 'running') group by ${runOf('i.id')}) as j on j.run = n.no
      where n.held = 1 and (g.no is null or n.gate_since_ms is null or n.ended_at_ms is not null or n.state = 'creating'
        or coalesce(j.open, 0) > 0 or (n.activate_from is not null and n.rerun_from is null))`,
  },
  {
    name: 'gates-of-runs',
    promise: 'The gate of a run exists, and only a waiting run has others cancelled.',
    violations: () => sql`select 'run ' || n.id as subject from runs as n left join gates as g on g.no = n.gate
      where (n.gate is not null and g.no is null) or (n.gate_cancels = 1 and n.held = 0)`,
  },
  {
    name: 'held-by-a-gate',
    promise: 'A job that is held has a gate that is there, and lacks a place on its way.',
    violations: (dialect) => sql`select ${job} as subject from jobs as j left join gates as g on g.no = j.gate
      left join ${waysOfJobs(dialect)} as p on p.id = j.id
      where j.state = 'held' and (g.no is null or p.id is null or p.places = p.way)`,
  },
  {
    name: 'place-at-each-gate',
    promise:
      'A job that is claimable, delayed or runs has a place at each of its gates, and one with a group or a limit of its node has gates.',
    violations: (dialect) => sql`select ${job} as subject from ${jobsOfVersions}
      left join ${waysOfJobs(dialect)} as p on p.id = j.id
      where j.state in ('queued', 'delayed', 'running')
        and (p.places < p.way or (p.id is null and (v.spec like '%,"concurrency":{"group":%'
          or (j.idx is not null and v.spec like '%,"maxParallel":%'))))`,
  },
  {
    name: 'children-in-parallel',
    promise: 'No more children of a node have a place than its max-parallel allows.',
    violations: (dialect) => sql`select 'gate ' || g.key || ' has ' || cast(g.in_use as text) as subject from gates as g
      join (select w.gate, max(w.max) as max from ${placesOfJobs(dialect)} as w group by w.gate) as p on p.gate = g.no
      where g.key like 'node:%' and g.in_use > p.max`,
  },
  {
    name: 'no-place-left-free',
    promise: 'No job has been held for two minutes beside a place that it may take.',
    violations: (dialect) => sql`select ${job} as subject from gates as g
      join (select i.id, i.gate, i.enqueued_at_ms,
          row_number() over (partition by i.gate order by i.priority desc, i.enqueued_at_ms, i.id) as turn
        from jobs as i where i.state = 'held') as j on j.gate = g.no
      join ${placesOfJobs(dialect)} as w on w.id = j.id and w.gate = g.no
      where j.turn = 1 and w.max > g.in_use and j.enqueued_at_ms < (select max(n.at_ms) from events as n) - 120000`,
  },
];
