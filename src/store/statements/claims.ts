import { type Selectable, sql } from 'kysely';
import type { StopReason } from '../../domain/lease.js';
import type { JobState } from '../../domain/states.js';
import { jobId } from '../job-id-sql.js';
import { jobPlaces, requestKeys } from '../row-keys.js';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import type { JobTable } from '../tables/jobs.js';

/** Characters of a failed need's error that dependents get. */
export const needErrorChars = 1_000;

export type ClaimableJob = Pick<
  Selectable<JobTable>,
  'id' | 'label_set' | 'priority' | 'attempt' | 'enqueued_at_ms' | 'delayed_until_ms' | 'matrix'
>;

/**
 * The most urgent claimable jobs of some label sets: highest priority, then oldest.
 *
 * The index `jobs_claimable` starts with the label set, so the first rows of each set are found at once and then
 * merged: the cost follows the number of sets and of taken jobs, never the backlog. One scan in order of age with
 * `label_set in (…)` took 10 to 170 ms when few of a million waiting jobs matched; this takes microseconds.
 */
export const claimableJobs = statement<{ sets: readonly number[]; limit: number }, ClaimableJob>(
  'claimableJobs',
  ({ db, dialect, integer, json }) =>
    db
      .selectFrom(dialect.firstJobsOfSets(json('sets'), integer('limit')).as('j'))
      .select(['j.id', 'j.label_set', 'j.priority', 'j.attempt', 'j.enqueued_at_ms', 'j.delayed_until_ms', 'j.matrix'])
      .orderBy('j.priority', 'desc')
      .orderBy('j.enqueued_at_ms')
      .orderBy('j.id')
      .limit(integer('limit')),
);

const startedJobs = rowSet({ id: 'integer', at_ms: 'integer' });

/** Marks jobs as running. Returns those that were still claimable. */
export const startJobsIfQueued = statement<{ rows: Rows<typeof startedJobs> }, { id: number }>(
  'startJobsIfQueued',
  ({ db, dialect, rows }) =>
    db
      .updateTable('jobs')
      .from(rows('rows', startedJobs).as('r'))
      .set({ state: sql.lit<JobState>('running'), started_at_ms: sql.ref('r.at_ms'), ended_at_ms: null, error: null })
      .whereRef('jobs.id', '=', 'r.id')
      .where(dialect.guard('jobs.state'), '=', sql.lit<JobState>('queued'))
      .returning('jobs.id'),
);

const newAttempts = rowSet({
  job: 'integer',
  number: 'integer',
  worker_id: 'text',
  credential: 'text?',
  lease_hash: 'text',
  request_hash: 'text?',
  ttl_ms: 'integer',
  claimed_at_ms: 'integer',
  expires_at_ms: 'integer',
  timeout_at_ms: 'integer?',
  deadline_ms: 'integer',
  received: 'integer',
});

/** Inserts attempts. */
export const insertAttempts = statement<{ rows: Rows<typeof newAttempts> }, never>('insertAttempts', ({ db, rows }) =>
  db
    .insertInto('attempts')
    .columns([
      'job',
      'number',
      'worker_id',
      'credential',
      'lease_hash',
      'request_hash',
      'ttl_ms',
      'claimed_at_ms',
      'expires_at_ms',
      'timeout_at_ms',
      'deadline_ms',
      'received',
      'log_bytes',
      'has_output_lines',
    ])
    .expression((eb) =>
      eb
        .selectFrom(rows('rows', newAttempts).as('r'))
        .select([
          'r.job',
          'r.number',
          'r.worker_id',
          'r.credential',
          'r.lease_hash',
          'r.request_hash',
          'r.ttl_ms',
          'r.claimed_at_ms',
          'r.expires_at_ms',
          'r.timeout_at_ms',
          'r.deadline_ms',
          'r.received',
          sql.lit(0).as('log_bytes'),
          sql.lit(0).as('has_output_lines'),
        ]),
    ),
);

/**
 * Blocks claims with the same request ids, which a worker may have sent to another server too, until the transaction
 * ends: later reads see what the last of them left. The rows are locked in the order of the hashes, so there is no
 * deadlock.
 */
export const lockRequests = statement<{ rows: Rows<typeof requestKeys> }, never>(
  'lockRequests',
  ({ db, dialect, rows }) =>
    db
      .selectFrom(rows('rows', requestKeys).as('r'))
      .where(dialect.lockName('r.request_hash'))
      .select('r.request_hash')
      .$castTo<never>(),
  false,
);

/** The same without waiting: returns the requests that no other server is answering. */
export const lockRequestsUnlessTaken = statement<{ rows: Rows<typeof requestKeys> }, { request_hash: string }>(
  'lockRequestsUnlessTaken',
  ({ db, dialect, rows }) =>
    db
      .selectFrom(rows('rows', requestKeys).as('r'))
      .where(dialect.lockNameUnlessTaken('r.request_hash'))
      .select('r.request_hash'),
);

/** Live attempts of claims with these request ids. */
export const attemptsOfRequests = statement<
  { rows: Rows<typeof requestKeys> },
  {
    request_hash: string;
    job: number;
    number: number;
    worker_id: string;
    credential: string | null;
    ttl_ms: number;
    claimed_at_ms: number;
    expires_at_ms: number;
    timeout_at_ms: number | null;
    stop_reason: StopReason | null;
    enqueued_at_ms: number | null;
    delayed_until_ms: number | null;
    label_set: number;
    priority: number;
    matrix: string | null;
  }
>('attemptsOfRequests', ({ db, dialect, rows }) =>
  db
    .selectFrom(rows('rows', requestKeys).as('r'))
    .innerJoin('attempts as a', 'a.request_hash', 'r.request_hash')
    .innerJoin('jobs as j', 'j.id', 'a.job')
    .where(dialect.guard('a.outcome'), 'is', null)
    .$if(dialect.leavesNullsOut, (query) => query.where('a.request_hash', 'is not', null))
    .select([
      'a.request_hash',
      'a.job',
      'a.number',
      'a.worker_id',
      'a.credential',
      'a.ttl_ms',
      'a.claimed_at_ms',
      'a.expires_at_ms',
      'a.timeout_at_ms',
      'a.stop_reason',
      'j.enqueued_at_ms',
      'j.delayed_until_ms',
      'j.label_set',
      'j.priority',
      'j.matrix',
    ])
    .$castTo<{
      request_hash: string;
      job: number;
      number: number;
      worker_id: string;
      credential: string | null;
      ttl_ms: number;
      claimed_at_ms: number;
      expires_at_ms: number;
      timeout_at_ms: number | null;
      stop_reason: StopReason | null;
      enqueued_at_ms: number | null;
      delayed_until_ms: number | null;
    }>(),
);

/** The result of a need. */
export interface EndedNeed {
  job: number;
  key: string;
  state: JobState;
  tolerated: number;
  /** If it succeeded. */
  outputs: string | null;
  /** The beginning of its error, if it failed. */
  error: string | null;
  attempt: number;
  started_at_ms: number | null;
  ended_at_ms: number | null;
}

/** The results of the needs of some jobs. */
export const endedNeeds = statement<{ rows: Rows<typeof jobPlaces> }, EndedNeed>('endedNeeds', ({ db, rows }) =>
  db
    .selectFrom(rows('rows', jobPlaces).as('r'))
    .innerJoin('version_edges as e', (join) =>
      join.onRef('e.version', '=', 'r.version').onRef('e.to_ord', '=', 'r.ord'),
    )
    .innerJoin('jobs as j', (join) => join.on('j.id', '=', jobId('r.run', 'e.from_ord')))
    .innerJoin('version_jobs as v', (join) =>
      join.onRef('v.version', '=', 'e.version').onRef('v.ord', '=', 'e.from_ord'),
    )
    .select([
      'r.job',
      'v.key',
      'j.state',
      'j.tolerated',
      'j.outputs',
      sql<string | null>`substr(j.error, 1, ${sql.lit(needErrorChars + 1)})`.as('error'),
      'j.attempt',
      'j.started_at_ms',
      'j.ended_at_ms',
    ]),
);

const labelSetIds = rowSet({ id: 'integer' });

/** Those of some label sets that still have a queued job, even if another server may be taking it. */
export const labelSetsWithQueuedJobs = statement<{ rows: Rows<typeof labelSetIds> }, { id: number }>(
  'labelSetsWithQueuedJobs',
  ({ db, rows }) =>
    db.selectFrom(rows('rows', labelSetIds).as('r')).select('r.id').where(queuedJobOf('r.id'), 'is not', null),
);

/** Label sets with a claimable job. */
export const claimableLabelSets = statement<Record<string, never>, { id: number }>('claimableLabelSets', ({ db }) =>
  db.selectFrom('label_sets as s').select('s.id').where(queuedJobOf('s.id'), 'is not', null),
);

/** A queued job of a label set: one lookup, where `exists` may become a join that reads every queued job. */
function queuedJobOf(set: string) {
  return sql<
    number | null
  >`(select j.id from jobs as j where j.label_set = ${sql.ref(set)} and j.state = 'queued' limit 1)`;
}

/** The claimable jobs of each label set, and since when the oldest is. */
export const claimableBySet = statement<Record<string, never>, { label_set: number; jobs: number; oldest_ms: number }>(
  'claimableBySet',
  ({ db }) =>
    db
      .selectFrom('jobs')
      .where('state', '=', sql.lit<JobState>('queued'))
      .groupBy('label_set')
      .select(({ fn }) => [
        'label_set',
        fn.countAll<number>().as('jobs'),
        sql<number>`min(enqueued_at_ms)`.as('oldest_ms'),
      ]),
);
