import { type RawBuilder, sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import { jobId } from '../job-id-sql.js';
import { jobKeys } from '../row-keys.js';
import { type Rows, rowSet, textOf } from '../row-set.js';
import { statement } from '../statement.js';
import { settledState } from '../tables/jobs.js';

// The rows of children of jobs with a matrix; `matrices.ts` has those of the nodes.

const newChildren = rowSet({
  id: 'integer',
  label_set: 'integer',
  priority: 'integer',
  state: textOf<JobState>(),
  conditional: 'integer',
  enqueued_at_ms: 'integer?',
  ended_at_ms: 'integer?',
  error: 'text?',
  name: 'text?',
  tolerated: 'integer',
  generation: 'integer',
  group_ord: 'integer',
  idx: 'integer',
  matrix: 'text',
});

/** Makes children. One that there was before a re-run takes the new values, and its attempts count on. */
export const insertChildren = statement<{ rows: Rows<typeof newChildren> }, never>('insertChildren', ({ db, rows }) =>
  db
    .insertInto('jobs')
    .columns([
      'id',
      'label_set',
      'priority',
      'state',
      'conditional',
      'pending',
      'bad',
      'attempt',
      'enqueued_at_ms',
      'ended_at_ms',
      'error',
      'name',
      'settled',
      'generation',
      'budget_from',
      'tolerated',
      'group_ord',
      'idx',
      'matrix',
    ])
    .expression((eb) =>
      eb
        .selectFrom(rows('rows', newChildren).as('r'))
        .where(sql<boolean>`true`)
        .select([
          'r.id',
          'r.label_set',
          'r.priority',
          'r.state',
          'r.conditional',
          sql.lit(0).as('pending'),
          sql.lit(0).as('bad'),
          nextAttempt('r.id').as('attempt'),
          'r.enqueued_at_ms',
          'r.ended_at_ms',
          'r.error',
          'r.name',
          sql.lit(settledState.propagated).as('settled'),
          'r.generation',
          nextAttempt('r.id').as('budget_from'),
          'r.tolerated',
          'r.group_ord',
          'r.idx',
          'r.matrix',
        ]),
    )
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({
        label_set: sql`excluded.label_set`,
        priority: sql`excluded.priority`,
        state: sql`excluded.state`,
        attempt: sql`excluded.attempt`,
        enqueued_at_ms: sql`excluded.enqueued_at_ms`,
        delayed_until_ms: null,
        started_at_ms: null,
        ended_at_ms: sql`excluded.ended_at_ms`,
        error: sql`excluded.error`,
        outputs: null,
        name: sql`excluded.name`,
        settled: sql.lit(settledState.propagated),
        generation: sql`excluded.generation`,
        budget_from: sql`excluded.budget_from`,
        tolerated: sql`excluded.tolerated`,
        matrix: sql`excluded.matrix`,
        gate: null,
        places: null,
      }),
    ),
);

/** The number of a job's next attempt. */
function nextAttempt(job: string): RawBuilder<number> {
  return sql<number>`coalesce((select max(a.number) from attempts as a where a.job = ${sql.ref(job)}), -1) + 1`;
}

/** The outputs of a node's children, in order. */
export const outputsOfChildren = statement<{ fromId: number; toId: number }, { id: number; outputs: string | null }>(
  'outputsOfChildren',
  ({ db, integer }) =>
    db
      .selectFrom('jobs')
      .where('id', '>=', integer('fromId'))
      .where('id', '<', integer('toId'))
      .orderBy('id')
      .select(['id', 'outputs']),
);

/** The names and values of the children in a range of row ids, in order. */
export const childTexts = statement<
  { from: number; to: number },
  { id: number; name: string | null; matrix: string | null }
>('childTexts', ({ db, integer }) =>
  db
    .selectFrom('jobs')
    .where('id', '>=', integer('from'))
    .where('id', '<', integer('to'))
    .orderBy('id')
    .select(['id', 'name', 'matrix']),
);

/** What the expressions of some children are evaluated on. */
export const childValues = statement<{ rows: Rows<typeof jobKeys> }, { id: number; matrix: string | null }>(
  'childValues',
  ({ db, rows }) =>
    db.selectFrom(rows('rows', jobKeys).as('r')).innerJoin('jobs as j', 'j.id', 'r.id').select(['j.id', 'j.matrix']),
);

/** A child of a run by the key of its node and its index, when its node has so many. */
export const childByIndex = statement<
  { version: number; run: number; group: string; index: number },
  { id: number; ord: number }
>('childByIndex', ({ db, integer, text }) =>
  db
    .selectFrom('version_jobs as v')
    .innerJoin('matrices as m', (join) => join.on('m.job', '=', jobId(integer('run'), 'v.ord')))
    .innerJoin('jobs as j', (join) =>
      join.on('j.id', '=', jobId(integer('run'), sql<number>`(v.children_from + ${integer('index')})`)),
    )
    .where('v.version', '=', integer('version'))
    .where('v.key', '=', text('group'))
    .where('v.children_from', 'is not', null)
    .where('m.total', '>', integer('index'))
    .select(['j.id', 'v.ord']),
);
