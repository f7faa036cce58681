import { sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import { firstChildOf, firstJobOf, keyOf, ordOf, runOf, versionOrdOf } from '../job-id-sql.js';
import { type Rows, rowSet, textOf } from '../row-set.js';
import { statement } from '../statement.js';

// Jobs at gates. In the order of locks their rows come after the gates; locked rows are skipped: see gates.ts.

const jobsAtGates = rowSet({ id: 'integer', gate: 'integer', places: 'text' });

/** Stores the gates of jobs that reach their first one. Returns no row for a job that was cancelled in the meantime. */
export const setJobGates = statement<{ rows: Rows<typeof jobsAtGates> }, { id: number }>(
  'setJobGates',
  ({ db, dialect, rows }) =>
    db
      .updateTable('jobs')
      .from(rows('rows', jobsAtGates).as('r'))
      .set({ gate: sql.ref('r.gate'), places: sql.ref('r.places') })
      .whereRef('jobs.id', '=', 'r.id')
      .where(dialect.guard('jobs.state'), '=', sql.lit<JobState>('held'))
      .returning('jobs.id'),
);

export interface HeldJob {
  id: number;
  places: string;
  enqueued_at_ms: number;
}

/** The first jobs that a gate holds: by priority, then by waiting time. */
export const firstHeldJobs = statement<{ gate: number; limit: number }, HeldJob>(
  'firstHeldJobs',
  ({ db, dialect, integer }) =>
    db
      .selectFrom('jobs as j')
      .where('j.gate', '=', integer('gate'))
      .where('j.state', '=', sql.lit<JobState>('held'))
      .orderBy('j.gate')
      .orderBy('j.priority', 'desc')
      .orderBy('j.enqueued_at_ms')
      .orderBy('j.id')
      .limit(integer('limit'))
      .select(['j.id', 'j.places', 'j.enqueued_at_ms'])
      .$castTo<HeldJob>()
      .modifyEnd(dialect.lockRowsSkippingTaken('j')),
);

const admittedJobs = rowSet({ id: 'integer', state: textOf<JobState>(), gate: 'integer', places: 'text' });

/** Gives held jobs their places: they become claimable, or reach their next gate. */
export const admitJobs = statement<
  { rows: Rows<typeof admittedJobs>; nowMs: number },
  { id: number; state: JobState; label_set: number; attempt: number }
>('admitJobs', ({ db, dialect, integer, rows }) =>
  db
    .updateTable('jobs')
    .from(rows('rows', admittedJobs).as('r'))
    .set({
      state: sql.ref('r.state'),
      gate: sql.ref('r.gate'),
      places: sql.ref('r.places'),
      enqueued_at_ms: integer('nowMs'),
    })
    .whereRef('jobs.id', '=', 'r.id')
    .where(dialect.guard('jobs.state'), '=', sql.lit<JobState>('held'))
    .returning(['jobs.id', 'jobs.state', 'jobs.label_set', 'jobs.attempt']),
);

/** Number of jobs that have a place at their last gate, counted from the jobs. */
export const countJobHolders = statement<{ gate: number }, { count: number }>('countJobHolders', ({ db, integer }) =>
  db
    .selectFrom('jobs as j')
    .where('j.gate', '=', integer('gate'))
    .where('j.gate', 'is not', null)
    .where('j.state', 'in', [sql.lit<JobState>('queued'), sql.lit<JobState>('delayed'), sql.lit<JobState>('running')])
    .select(sql<number>`count(*)`.as('count')),
);

/**
 * Number of children that have a place at the gate of their node, which is the first on their way, counted from the
 * children: unlike at their last gate, they have one while a further gate holds them.
 */
export const countParallelChildren = statement<{ gate: number; node: number }, { count: number }>(
  'countParallelChildren',
  ({ db, integer }) =>
    db
      .selectFrom('jobs as j')
      .where('j.id', '>=', firstChildOf(runOf(integer('node'))))
      .where('j.id', '<', firstJobOf(sql<number>`(${runOf(integer('node'))} + 1)`))
      .where('j.group_ord', '=', ordOf(integer('node')))
      .where('j.places', 'is not', null)
      .where((eb) =>
        eb.or([
          eb('j.state', 'in', [
            sql.lit<JobState>('queued'),
            sql.lit<JobState>('delayed'),
            sql.lit<JobState>('running'),
          ]),
          eb.and([eb('j.state', '=', sql.lit<JobState>('held')), eb('j.gate', '<>', integer('gate'))]),
        ]),
      )
      .select(sql<number>`count(*)`.as('count')),
);

/** A job at a gate, for readers. */
export interface GateJobRow {
  id: number;
  run_id: string;
  workflow_id: string;
  key: string;
  places: string;
  enqueued_at_ms: number;
}

const gateJobColumns = [
  'j.id',
  'n.id as run_id',
  'w.id as workflow_id',
  keyOf('j', 'v').as('key'),
  'j.places',
  'j.enqueued_at_ms',
] as const;

/** Jobs that have a place at their last gate. */
export const jobsWithPlace = statement<{ gate: number; limit: number }, GateJobRow>(
  'jobsWithPlace',
  ({ db, integer }) =>
    db
      .selectFrom('jobs as j')
      .innerJoin('runs as n', (join) => join.on('n.no', '=', runOf('j.id')))
      .innerJoin('workflows as w', 'w.no', 'n.workflow')
      .innerJoin('version_jobs as v', (join) =>
        join.onRef('v.version', '=', 'n.version').on('v.ord', '=', versionOrdOf('j')),
      )
      .where('j.gate', '=', integer('gate'))
      .where('j.gate', 'is not', null)
      .where('j.state', 'in', [sql.lit<JobState>('queued'), sql.lit<JobState>('delayed'), sql.lit<JobState>('running')])
      .orderBy('j.id')
      .limit(integer('limit'))
      .select(gateJobColumns)
      .$castTo<GateJobRow>(),
);

/** The jobs that a gate holds, in order, for readers. */
export const jobsHeldAt = statement<{ gate: number; limit: number }, GateJobRow>('jobsHeldAt', ({ db, integer }) =>
  db
    .selectFrom('jobs as j')
    .innerJoin('runs as n', (join) => join.on('n.no', '=', runOf('j.id')))
    .innerJoin('workflows as w', 'w.no', 'n.workflow')
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'n.version').on('v.ord', '=', versionOrdOf('j')),
    )
    .where('j.gate', '=', integer('gate'))
    .where('j.state', '=', sql.lit<JobState>('held'))
    .orderBy('j.priority', 'desc')
    .orderBy('j.enqueued_at_ms')
    .orderBy('j.id')
    .limit(integer('limit'))
    .select(gateJobColumns)
    .$castTo<GateJobRow>(),
);

interface HoldingGate {
  no: number;
  key: string;
  in_use: number;
  places: string;
  since_ms: number;
  /** The key of the job in its version: that of its node for a child. */
  node_key: string;
}

/** The gate that holds a job, and since when. */
export const gateOfHeldJob = statement<{ job: number }, HoldingGate>('gateOfHeldJob', ({ db, dialect, integer }) =>
  db
    .selectFrom('jobs as j')
    .innerJoin('gates as g', 'g.no', 'j.gate')
    .innerJoin('runs as n', (join) => join.on('n.no', '=', runOf('j.id')))
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'n.version').on('v.ord', '=', versionOrdOf('j')),
    )
    .where('j.id', '=', integer('job'))
    .where(dialect.guard('j.state'), '=', sql.lit<JobState>('held'))
    .select(['g.no', 'g.key', 'g.in_use', 'j.places', 'j.enqueued_at_ms as since_ms', 'v.key as node_key'])
    .$castTo<HoldingGate>(),
);

/** The first jobs that a gate holds, in order: to count them up to a bound, or to find the position of one. */
export const orderOfHeldJobs = statement<{ gate: number; limit: number }, { id: number }>(
  'orderOfHeldJobs',
  ({ db, integer }) =>
    db
      .selectFrom('jobs as j')
      .where('j.gate', '=', integer('gate'))
      .where('j.state', '=', sql.lit<JobState>('held'))
      .orderBy('j.gate')
      .orderBy('j.priority', 'desc')
      .orderBy('j.enqueued_at_ms')
      .orderBy('j.id')
      .limit(integer('limit'))
      .select('j.id'),
);

/** Gates that hold jobs. */
export const gatesWithHeldJobs = statement<{ after: number; limit: number }, { gate: number }>(
  'gatesWithHeldJobs',
  ({ db, integer }) =>
    db
      .selectFrom('gates as g')
      .where('g.no', '>', integer('after'))
      .where(heldJobAt('g.no'), 'is not', null)
      .orderBy('g.no')
      .limit(integer('limit'))
      .select('g.no as gate'),
);

/** A job that a gate holds: one lookup, where `exists` may become a join that reads all held jobs. */
export function heldJobAt(gate: string) {
  return sql<number | null>`(select h.id from jobs as h where h.gate = ${sql.ref(gate)} and h.state = 'held' limit 1)`;
}
