import { sql } from 'kysely';
import type { Check } from './check.js';
import { ended, job, jobsOfRuns, jobsOfVersions, needsOfJobs, wholeRun } from './fragments.js';

/** Invariants of jobs and their attempts. */
export const jobChecks: readonly Check[] = [
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
    promise: 'A live lease is on the newest attempt of a job that runs, or that was cancelled and is being stopped.',
    violations:
      () => sql`select ${job} || ' is ' || j.state as subject from attempts as a join jobs as j on j.id = a.job
      where a.outcome is null and (a.number <> j.attempt or j.state <>
        case when a.stop_reason = 'cancelled' then 'cancelled' else 'running' end)`,
  },
  {
    name: 'one-attempt-at-a-time',
    promise: 'An attempt began only after the previous one had ended.',
    violations: () => sql`select ${job} || ', attempt ' || cast(b.number as text) as subject
      from attempts as b join attempts as a on a.job = b.job and a.number = b.number - 1 join jobs as j on j.id = b.job
      where a.ended_at_ms is null or a.ended_at_ms > b.claimed_at_ms`,
  },
  {
    name: 'begun-after-stopped',
    promise:
      'A job was claimed only after the attempts of all its needs had ended, except needs that were re-run without it.',
    violations: () => sql`select ${job} as subject from ${needsOfJobs}
      join attempts as a on a.job = j.id and a.number = j.budget_from
      join attempts as w on w.job = need.id and w.number = need.attempt
      where need.generation <= j.generation and (w.ended_at_ms is null or w.ended_at_ms > a.claimed_at_ms)`,
  },
  {
    name: 'held-for-a-reason',
    promise:
      'A job whose end does not propagate yet was cancelled, and its attempt or one of its needs has not stopped.',
    violations: () => sql`select ${job} as subject from jobs as j
      left join attempts as a on a.job = j.id and a.number = j.attempt and a.outcome is null
      where j.settled = 2 and (j.state <> 'cancelled' or (j.pending = 0 and a.job is null))`,
  },
  {
    name: 'attempts-contiguous',
    promise: 'The attempts of a job are numbered from 0 without a gap.',
    violations: () => sql`select 'job row ' || cast(a.job as text) as subject from attempts as a
      group by a.job having count(*) <> max(a.number) + 1 or min(a.number) <> 0`,
  },
  {
    name: 'attempts-within-budget',
    promise: 'A job has no more attempts in a generation than its retries allow.',
    violations: ({ jsonInteger }) => sql`select ${job} || ', attempt ' || cast(max(a.number) as text) as subject
      from ${jobsOfVersions} join attempts as a on a.job = j.id
      group by j.id, j.budget_from, v.spec
      having max(a.number) - j.budget_from > ${jsonInteger(sql`v.spec`, ['retry', 'maxRetries'])}`,
  },
  {
    name: 'retried-for-a-reason',
    promise: 'Every attempt except the last of a generation failed, timed out or lost its lease.',
    violations: () => sql`select ${job} || ', attempt ' || cast(a.number as text) as subject
      from attempts as a join jobs as j on j.id = a.job
      where a.number < j.attempt and (a.outcome is null
        or (a.number >= j.budget_from and a.outcome not in ('failure', 'lease_expired', 'timed_out')))`,
  },
  {
    name: 'waiting-has-open-needs',
    promise: 'A waiting job has a need that has not ended.',
    violations: () => sql`select ${job} as subject from ${jobsOfRuns}
      where j.state = 'waiting' and j.pending = 0 and j.group_ord is null and ${wholeRun}`,
  },
  {
    name: 'open-needs-counted',
    promise: 'A job that waits, or is held for its needs, counts exactly its needs that have not ended.',
    violations: () => sql`select ${job} || ' counts ' || cast(j.pending as text) as subject from ${needsOfJobs}
      where (j.state = 'waiting' or (j.settled = 2 and j.pending > 0)) and ${wholeRun} group by j.id, j.pending
      having j.pending <> sum(case when need.state in ${ended} and need.settled = 1 then 0 else 1 end)`,
  },
  {
    name: 'bad-needs-counted',
    promise: 'A waiting job counts exactly its needs that ended without success.',
    violations: () => sql`select ${job} || ' counts ' || cast(j.bad as text) as subject from ${needsOfJobs}
      where j.state = 'waiting' and ${wholeRun} group by j.id, j.bad
      having j.bad <> sum(case when need.state in ('failure', 'skipped', 'cancelled') and need.settled = 1
        and need.tolerated = 0 then 1 else 0 end)`,
  },
  {
    name: 'begun-after-needs',
    promise: 'A job was claimed only after all of its needs had ended, except needs that were re-run without it.',
    violations: () => sql`select ${job} as subject from ${needsOfJobs}
      join attempts as a on a.job = j.id and a.number = j.budget_from
      where need.generation <= j.generation and (need.ended_at_ms is null or need.ended_at_ms > a.claimed_at_ms)`,
  },
  {
    name: 'claimable-is-ready',
    promise: 'A claimable job has no open need, and the time since when it is claimable.',
    violations: () => sql`select ${job} as subject from jobs as j
      where j.state = 'queued' and (j.pending <> 0 or j.enqueued_at_ms is null)`,
  },
  {
    name: 'queue-deadline-kept',
    promise: 'A claimable or held job has the time when it fails exactly if it has a queue timeout.',
    violations: () => sql`select ${job} as subject from jobs as j where j.state in ('queued', 'held')
      and (case when j.due_at_ms is null then 0 else 1 end) <> (case when j.queue_timeout_ms is null then 0 else 1 end)`,
  },
  {
    name: 'default-condition-held',
    promise: 'A job without an `if` began only when all of its needs succeeded.',
    violations: () => sql`select ${job} as subject from jobs as j
      where j.conditional <= 0 and j.bad > 0 and j.state in ('queued', 'running', 'delayed', 'success', 'failure')`,
  },
  {
    name: 'delayed-until',
    promise: 'A delayed job was tried before and has the time when its delay ends.',
    violations: () => sql`select ${job} as subject from jobs as j
      where j.state = 'delayed' and (j.delayed_until_ms is null or j.attempt = 0)`,
  },
  {
    name: 'success-was-reported',
    promise: 'A successful job succeeded in its newest attempt, or by its children.',
    violations: () => sql`select ${job} as subject from jobs as j
      left join attempts as a on a.job = j.id and a.number = j.attempt
      where j.state = 'success' and (a.outcome is null or a.outcome <> 'success')
        and not exists (select m.job from matrices as m where m.job = j.id)`,
  },
  {
    name: 'failure-was-recorded',
    promise: 'A failed job failed in its newest attempt, or without one and with a stored error.',
    violations: () => sql`select ${job} as subject from jobs as j
      left join attempts as a on a.job = j.id and a.number = j.attempt
      where j.state = 'failure' and (a.job is not null or j.error is null or j.conditional = 0)
        and (a.outcome is null or a.outcome not in ('failure', 'lease_expired', 'timed_out'))`,
  },
  {
    name: 'tolerated-failure',
    promise: 'A failure counts as success exactly if the job has `continue-on-error`.',
    violations: ({ jsonBoolean }) => sql`select ${job} as subject from ${jobsOfVersions}
      where (j.state = 'failure' or j.tolerated = 1)
        and j.tolerated <> case when j.state = 'failure' then ${jsonBoolean(sql`v.spec`, 'continueOnError')} else 0 end`,
  },
  {
    name: 'skipped-never-ran',
    promise: 'A skipped job has no attempt in its generation.',
    violations: () => sql`select ${job} as subject from jobs as j join attempts as a on a.job = j.id
      where j.state = 'skipped' and a.number >= j.budget_from`,
  },
  {
    name: 'ended-has-time',
    promise: 'A job has an end time exactly when it has ended.',
    violations: () => sql`select ${job} as subject from jobs as j
      where (j.state in ${ended} and j.ended_at_ms is null)
        or (j.state not in ${ended} and j.state <> 'queued' and j.state <> 'delayed' and j.ended_at_ms is not null)`,
  },
  {
    name: 'outputs-of-success',
    promise: 'Only a job that succeeded has outputs, or one that has those of its children.',
    violations: () => sql`select ${job} as subject from jobs as j
      where j.outputs is not null and j.state <> 'success'
        and not exists (select m.job from matrices as m where m.job = j.id)`,
  },
  {
    name: 'settled-has-ended',
    promise: 'Only the end of an ended job can be waiting to propagate.',
    violations: () => sql`select ${job} as subject from jobs as j where j.settled <> 1 and j.state not in ${ended}`,
  },
  {
    name: 'label-set-of-version',
    promise: 'A job requires the labels of its version.',
    violations:
      () => sql`select ${job} as subject from ${jobsOfVersions} left join label_sets as s on s.id = v.label_set
      where (j.label_set <> v.label_set and v.spec not like '%"expressions":%') or s.id is null`,
  },
];
