import { sql } from 'kysely';
import type { JobState } from '../../domain/states.js';
import { keyOf, runOf, versionOrdOf } from '../job-id-sql.js';
import { statement } from '../statement.js';

export interface QueuedJobRow {
  key: string;
  run_id: string;
  workflow_id: string;
  workflow_name: string;
  priority: number;
  enqueued_at_ms: number | null;
}

/** The first claimable jobs of a label set in the order of their claims: a walk along `jobs_claimable`. */
export const queuedJobs = statement<{ labelSet: number; limit: number }, QueuedJobRow>(
  'queuedJobs',
  ({ db, integer }) =>
    db
      .selectFrom('jobs as j')
      .innerJoin('runs as n', (join) => join.on('n.no', '=', runOf('j.id')))
      .innerJoin('workflows as w', 'w.no', 'n.workflow')
      .innerJoin('versions as s', 's.no', 'n.version')
      .innerJoin('version_jobs as v', (join) =>
        join.onRef('v.version', '=', 'n.version').on('v.ord', '=', versionOrdOf('j')),
      )
      .where('j.label_set', '=', integer('labelSet'))
      .where('j.state', '=', sql.lit<JobState>('queued'))
      .orderBy('j.priority', 'desc')
      .orderBy('j.enqueued_at_ms')
      .orderBy('j.id')
      .limit(integer('limit'))
      .select([keyOf('j', 'v').as('key'), 'n.id as run_id', 'w.id as workflow_id', 's.name as workflow_name'])
      .select(['j.priority', 'j.enqueued_at_ms']),
);

export interface RunningJobRow {
  key: string;
  run_id: string;
  workflow_id: string;
  workflow_name: string;
  number: number;
  claimed_at_ms: number;
  expires_at_ms: number;
}

/** The live attempts of a worker, oldest first. */
export const liveAttemptsOfWorker = statement<{ worker: string; limit: number }, RunningJobRow>(
  'liveAttemptsOfWorker',
  ({ db, integer, text }) =>
    db
      .selectFrom('attempts as a')
      .innerJoin('runs as n', (join) => join.on('n.no', '=', runOf('a.job')))
      .innerJoin('workflows as w', 'w.no', 'n.workflow')
      .innerJoin('versions as s', 's.no', 'n.version')
      .innerJoin('jobs as j', 'j.id', 'a.job')
      .innerJoin('version_jobs as v', (join) =>
        join.onRef('v.version', '=', 'n.version').on('v.ord', '=', versionOrdOf('j')),
      )
      .where('a.outcome', 'is', null)
      .where('a.worker_id', '=', text('worker'))
      .orderBy('a.claimed_at_ms')
      .orderBy('a.job')
      .limit(integer('limit'))
      .select([keyOf('j', 'v').as('key'), 'n.id as run_id', 'w.id as workflow_id', 's.name as workflow_name'])
      .select(['a.number', 'a.claimed_at_ms', 'a.expires_at_ms']),
);
