import { sql } from 'kysely';
import type { PauseKind } from '../../domain/gates/pause.js';
import type { JobState } from '../../domain/states.js';
import { jobKeys, runKeys } from '../row-keys.js';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import type { PauseTable } from '../tables/gates.js';

// Pauses, and what they hold: jobs at a gate of their run, new runs at a gate of their workflow. These gates have no
// places. Jobs are locked before gates, as everywhere: see gates.ts.

/** A pause for readers. */
export interface PauseRow extends PauseTable {
  paused_by_name: string | null;
}

const pauseColumns = [
  'p.kind',
  'p.subject',
  'p.target',
  'p.gate',
  'p.reason',
  'p.paused_at_ms',
  'p.paused_by',
  sql<string | null>`(select t.name from tokens as t where t.id = p.paused_by)`.as('paused_by_name'),
] as const;

/** All pauses, by kind and subject; at most `limits.pauses`. */
export const allPauses = statement<Record<string, never>, PauseRow>('allPauses', ({ db }) =>
  db.selectFrom('pauses as p').orderBy('p.kind').orderBy('p.subject').select(pauseColumns).$castTo<PauseRow>(),
);

/** Stores a pause. Returns no row when there is one already, which stays. */
export const putPause = statement<PauseTable, { kind: PauseKind }>('putPause', ({ db, integer, text, value }) =>
  db
    .insertInto('pauses')
    .values({
      kind: text('kind') as never,
      subject: text('subject'),
      target: value('target'),
      gate: value('gate'),
      reason: text('reason'),
      paused_at_ms: integer('paused_at_ms'),
      paused_by: value('paused_by'),
    })
    .onConflict((conflict) => conflict.columns(['kind', 'subject']).doNothing())
    .returning('kind'),
);

export const countPauses = statement<Record<string, never>, { count: number }>('countPauses', ({ db }) =>
  db
    .selectFrom('pauses')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .$castTo<{ count: number }>(),
);

export const deletePause = statement<{ kind: string; subject: string }, { gate: number | null }>(
  'deletePause',
  ({ db, text }) =>
    db
      .deleteFrom('pauses')
      .where('kind', '=', text('kind') as never)
      .where('subject', '=', text('subject'))
      .returning('gate'),
);

/** Deletes the pauses of runs that have ended or that there are no more, and of workflows that there are no more. */
export const deleteStalePauses = statement<Record<string, never>, { kind: PauseKind }>('deleteStalePauses', ({ db }) =>
  db
    .deleteFrom('pauses')
    .where((eb) =>
      eb.or([
        eb.and([eb('kind', '=', sql.lit<PauseKind>('run')), eb(liveRun, 'is', null)]),
        eb.and([eb('kind', '=', sql.lit<PauseKind>('workflow')), eb(workflow, 'is', null)]),
      ]),
    )
    .returning('kind'),
);

// One lookup for each pause, where `exists` may become a join that reads all runs.
const liveRun = sql<number | null>`(select n.no from runs as n
  where n.no = pauses.target and n.ended_at_ms is null limit 1)`;
const workflow = sql<number | null>`(select w.no from workflows as w where w.no = pauses.target limit 1)`;

/** A job that a pause takes from the claims. */
export interface JobToHold {
  id: number;
  state: JobState;
  places: string | null;
}

/** The first claimable and held jobs of a range that their run's pause does not hold yet; locks them. */
export const jobsToHold = statement<{ fromId: number; toId: number; gate: number; limit: number }, JobToHold>(
  'jobsToHold',
  ({ db, dialect, integer }) =>
    db
      .selectFrom('jobs as j')
      .where('j.id', '>=', integer('fromId'))
      .where('j.id', '<', integer('toId'))
      .where('j.state', 'in', [sql.lit<JobState>('queued'), sql.lit<JobState>('held')])
      .where(sql<number>`coalesce(j.gate, 0)`, '<>', integer('gate'))
      .orderBy('j.id')
      .limit(integer('limit'))
      .select(['j.id', 'j.state', 'j.places'])
      .modifyEnd(dialect.lockRows('j')),
);

/** The same for some jobs, which this transaction has made claimable. */
export const changedJobsToHold = statement<{ rows: Rows<typeof jobKeys> }, JobToHold>(
  'changedJobsToHold',
  ({ db, dialect, rows }) =>
    db
      .selectFrom(rows('rows', jobKeys).as('r'))
      .innerJoin('jobs as j', 'j.id', 'r.id')
      .where('j.state', 'in', [sql.lit<JobState>('queued'), sql.lit<JobState>('held')])
      .orderBy('j.id')
      .select(['j.id', 'j.state', 'j.places'])
      .modifyEnd(dialect.lockRows('j')),
);

const heldJobs = rowSet({ id: 'integer', gate: 'integer', places: 'text' });

/** Holds jobs at the gate of their run's pause. */
export const holdJobs = statement<{ rows: Rows<typeof heldJobs> }, { id: number }>(
  'holdJobs',
  ({ db, dialect, rows }) =>
    db
      .updateTable('jobs')
      .from(rows('rows', heldJobs).as('r'))
      .set({ state: sql.lit<JobState>('held'), gate: sql.ref('r.gate'), places: sql.ref('r.places') })
      .whereRef('jobs.id', '=', 'r.id')
      .where(dialect.guard('jobs.state'), 'in', [sql.lit<JobState>('queued'), sql.lit<JobState>('held')])
      .returning('jobs.id'),
);

/** Jobs that were held by a pause that is over: they wait, and are decided anew. At most `limit`. */
export const releasePausedJobs = statement<
  { gate: number; limit: number },
  { id: number; bad: number; conditional: number; label_set: number }
>('releasePausedJobs', ({ db, dialect, integer }) =>
  db
    .updateTable('jobs')
    .set({ state: sql.lit<JobState>('waiting'), gate: null, places: null })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('jobs as j')
        .where('j.gate', '=', integer('gate'))
        .where('j.state', '=', sql.lit<JobState>('held'))
        .orderBy('j.gate')
        .orderBy('j.priority', 'desc')
        .orderBy('j.enqueued_at_ms')
        .orderBy('j.id')
        .limit(integer('limit'))
        .select('j.id')
        .modifyEnd(dialect.lockRowsSkippingTaken('j')),
    )
    .returning(['id', 'bad', 'conditional', 'label_set']),
);

/** A run that the pause of its workflow held. */
export interface PausedRunRow {
  no: number;
  start_spec: string | null;
}

/** The first runs at the gate of a pause that is over. Skips those that are being cancelled. */
export const runsAfterPause = statement<{ gate: number; limit: number }, PausedRunRow>(
  'runsAfterPause',
  ({ db, dialect, integer }) =>
    db
      .selectFrom('runs as n')
      .innerJoin('versions as v', 'v.no', 'n.version')
      .where('n.gate', '=', integer('gate'))
      .where('n.held', '=', sql.lit(1))
      .where('n.cancel_requested_at_ms', 'is', null)
      .where('n.rerun_from', 'is', null)
      .orderBy('n.gate')
      .orderBy('n.gate_since_ms')
      .orderBy('n.no')
      .limit(integer('limit'))
      .select(['n.no', 'v.start_spec'])
      .modifyEnd(dialect.lockRows('n')),
);

/** Lets runs without a group go after a pause. */
export const releasePausedRuns = statement<
  { rows: Rows<typeof runKeys>; nowMs: number },
  { no: number; version: number; job_count: number; generation: number; deadline_ms: number | null }
>('releasePausedRuns', ({ db, integer, rows }) =>
  db
    .updateTable('runs')
    .from(rows('rows', runKeys).as('r'))
    .set({
      held: sql.lit(0),
      gate: null,
      gate_max: null,
      gate_since_ms: null,
      gate_cancels: sql.lit(0),
      activate_from: sql.lit(0),
      deadline_ms: sql<number | null>`${integer('nowMs')} + runs.timeout_ms`,
    })
    .whereRef('runs.no', '=', 'r.no')
    .returning(['runs.no', 'runs.version', 'runs.job_count', 'runs.generation', 'runs.deadline_ms']),
);

/** Gates of pauses at which runs or jobs are still held although the pause is over. */
export const gatesOfEndedPauses = statement<
  { keyFrom: string; keyTo: string; limit: number },
  { no: number; key: string }
>('gatesOfEndedPauses', ({ db, integer, text }) =>
  db
    .selectFrom('gates as g')
    .where('g.key', '>=', text('keyFrom'))
    .where('g.key', '<', text('keyTo'))
    .where((eb) => eb.not(eb.exists(eb.selectFrom('pauses as p').whereRef('p.gate', '=', 'g.no').select('p.gate'))))
    .where((eb) =>
      eb.or([
        eb(
          sql<number | null>`(select h.id from jobs as h where h.gate = g.no and h.state = 'held' limit 1)`,
          'is not',
          null,
        ),
        eb(sql<number | null>`(select n.no from runs as n where n.gate = g.no and n.held = 1 limit 1)`, 'is not', null),
      ]),
    )
    .orderBy('g.key')
    .limit(integer('limit'))
    .select(['g.no', 'g.key']),
);
