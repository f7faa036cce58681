import { sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import type { JobTable } from '../schema.js';
import { type Cells, statement } from '../statement.js';

export type ClaimableJob = Pick<
  JobTable,
  'id' | 'label_set' | 'priority' | 'attempt' | 'enqueued_at_ms' | 'delayed_until_ms'
>;

/**
 * The most urgent claimable jobs of some label sets: highest priority, then oldest.
 *
 * The index `jobs_claimable` starts with the label set, so the first rows of each set are found at once and then
 * merged: the cost is that of the sets and of what is taken, never that of the backlog. One scan in order of age with
 * `label_set in (…)` was 10 to 170 ms when few of a million waiting jobs matched; this is microseconds.
 */
export const claimableJobs = statement<{ sets: readonly number[]; limit: number }, ClaimableJob>(
  'claimableJobs',
  ({ db, dialect, integer, json }) =>
    db
      .selectFrom(dialect.firstJobsOfSets(json('sets'), integer('limit')).as('j'))
      .select(['j.id', 'j.label_set', 'j.priority', 'j.attempt', 'j.enqueued_at_ms', 'j.delayed_until_ms'])
      .orderBy('j.priority', 'desc')
      .orderBy('j.enqueued_at_ms')
      .orderBy('j.id')
      .limit(integer('limit')),
);

/** Marks jobs as running. Rows: job, time. Returns those that were still claimable. */
export const startJobsIfQueued = statement<{ rows: Cells }, { id: number }>(
  'startJobsIfQueued',
  ({ db, dialect, rows }) =>
    db
      .updateTable('jobs')
      .from(rows<{ id: number; at_ms: number }>('rows', { id: 'integer', at_ms: 'integer' }).as('r'))
      .set({ state: sql.lit<JobState>('running'), started_at_ms: sql.ref('r.at_ms'), ended_at_ms: null, error: null })
      .whereRef('jobs.id', '=', 'r.id')
      .where(dialect.guard('jobs.state'), '=', sql.lit<JobState>('queued'))
      .returning('jobs.id'),
);

/** Rows: job, number, worker, credential, lease hash, request hash, ttl, claimed at, expires at, timeout at, deadline, received. */
export const insertAttempts = statement<{ rows: Cells }, never>('insertAttempts', ({ db, rows }) =>
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
        .selectFrom(
          rows<{
            job: number;
            number: number;
            worker_id: string;
            credential: string | null;
            lease_hash: string;
            request_hash: string | null;
            ttl_ms: number;
            claimed_at_ms: number;
            expires_at_ms: number;
            timeout_at_ms: number | null;
            deadline_ms: number;
            received: number;
          }>('rows', {
            job: 'integer',
            number: 'integer',
            worker_id: 'text',
            credential: 'text',
            lease_hash: 'text',
            request_hash: 'text',
            ttl_ms: 'integer',
            claimed_at_ms: 'integer',
            expires_at_ms: 'integer',
            timeout_at_ms: 'integer',
            deadline_ms: 'integer',
            received: 'integer',
          }).as('r'),
        )
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
 * Keeps claims with the same request ids, which a worker may have sent to another server too, waiting until the
 * transaction ends: what is read after it is as the last of them left it. Rows: request hash, in the order of the hashes,
 * so that two servers never wait for one another.
 */
export const lockRequests = statement<{ rows: Cells }, never>(
  'lockRequests',
  ({ db, dialect, rows }) =>
    db
      .selectFrom(rows<{ request_hash: string }>('rows', { request_hash: 'text' }).as('r'))
      .where(dialect.lockName('r.request_hash'))
      .select('r.request_hash')
      .$castTo<never>(),
  false,
);

/** The same for who must not wait: returns those that no other server is answering. Rows: request hash. */
export const lockRequestsUnlessTaken = statement<{ rows: Cells }, { request_hash: string }>(
  'lockRequestsUnlessTaken',
  ({ db, dialect, rows }) =>
    db
      .selectFrom(rows<{ request_hash: string }>('rows', { request_hash: 'text' }).as('r'))
      .where(dialect.lockNameUnlessTaken('r.request_hash'))
      .select('r.request_hash'),
);

/** Live attempts that claims with these request ids began. Rows: request hash. */
export const attemptsOfRequests = statement<
  { rows: Cells },
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
    enqueued_at_ms: number | null;
    delayed_until_ms: number | null;
  }
>('attemptsOfRequests', ({ db, dialect, rows }) =>
  db
    .selectFrom(rows<{ request_hash: string }>('rows', { request_hash: 'text' }).as('r'))
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
      'j.enqueued_at_ms',
      'j.delayed_until_ms',
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
      enqueued_at_ms: number | null;
      delayed_until_ms: number | null;
    }>(),
);

/** The outputs of the jobs that some jobs need, of those that succeeded. Rows: job, run, version, ordinal. */
export const upstreamOutputs = statement<{ rows: Cells }, { job: number; key: string; outputs: string | null }>(
  'upstreamOutputs',
  ({ db, rows }) =>
    db
      .selectFrom(
        rows<{ job: number; run: number; version: number; ord: number }>('rows', {
          job: 'integer',
          run: 'integer',
          version: 'integer',
          ord: 'integer',
        }).as('r'),
      )
      .innerJoin('version_edges as e', (join) =>
        join.onRef('e.version', '=', 'r.version').onRef('e.to_ord', '=', 'r.ord'),
      )
      .innerJoin('jobs as j', (join) => join.on('j.id', '=', sql<number>`r.run * 1048576 + e.from_ord`))
      .innerJoin('version_jobs as v', (join) =>
        join.onRef('v.version', '=', 'e.version').onRef('v.ord', '=', 'e.from_ord'),
      )
      .where('j.state', '=', sql.lit<JobState>('success'))
      .select(['r.job', 'v.key', 'j.outputs']),
);

/** Of some label sets those that still have a queued job, though another server may be taking it. Rows: set. */
export const labelSetsWithQueuedJobs = statement<{ rows: Cells }, { id: number }>(
  'labelSetsWithQueuedJobs',
  ({ db, rows }) =>
    db
      .selectFrom(rows<{ id: number }>('rows', { id: 'integer' }).as('r'))
      .select('r.id')
      .where(queuedJobOf('r.id'), 'is not', null),
);

/** Label sets in which a job can be claimed. */
export const claimableLabelSets = statement<Record<string, never>, { id: number }>('claimableLabelSets', ({ db }) =>
  db.selectFrom('label_sets as s').select('s.id').where(queuedJobOf('s.id'), 'is not', null),
);

/** A queued job of a label set: one lookup, where `exists` may become a join that reads every queued job. */
function queuedJobOf(set: string) {
  return sql<
    number | null
  >`(select j.id from jobs as j where j.label_set = ${sql.ref(set)} and j.state = 'queued' limit 1)`;
}

/** How many jobs of each label set can be claimed, and since when the oldest. */
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
