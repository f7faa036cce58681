import { leaseTtlMs } from '../domain/lease.js';
import { runOfJob } from '../store/job-id.js';
import {
  type ClaimableJob,
  claimableJobs,
  insertAttempts,
  labelSetsWithQueuedJobs,
  startJobsIfQueued,
} from '../store/statements/claims.js';
import type { Batch } from './batch.js';
import { type Claim, receivedWithinMs } from './claim.js';
import { placeOf, specAt, toClaimedJob, upstreamOf } from './claimed-job.js';
import type { Knowledge } from './context.js';
import type { ClaimedJob } from './engine.js';
import type { KnownJob } from './job-specs.js';
import { randomSecret, repeatableSecret, secretHash } from './lease-id.js';
import { factsOf } from './run-facts.js';

interface Taken {
  readonly claim: Claim;
  readonly job: ClaimableJob;
}

/** Should the batch fail, a set that is noted in vain costs one query that finds nothing. */
export function noteWhatBecameClaimable(knowledge: Knowledge, batch: Batch): void {
  for (const set of batch.claimable) knowledge.labelSets.noteClaimable(set);
}

/** Gives jobs to claims in the order of arrival, those of like workers together. */
export async function takeJobs(
  knowledge: Knowledge,
  batch: Batch,
  claims: readonly Claim[],
  answers: Map<Claim, ClaimedJob[]>,
): Promise<void> {
  const taken: Taken[] = [];
  for (const alike of byLabels(claims)) taken.push(...(await takeForLikeWorkers(knowledge, batch, alike)));
  if (taken.length === 0) return;

  const runs = await knowledge.runs.get(
    batch,
    taken.map(({ job }) => runOfJob(job.id)),
  );
  const known = await knowledge.specs.get(
    batch.connection,
    taken.map(({ job }) => placeOf(runs, job.id)),
  );
  const begun = taken.map(({ claim, job }, at) => begin(knowledge, batch, claim, job, specAt(known, at)));
  await insertAttempts.run(batch.connection, {
    rows: begun.map((attempt) => [
      attempt.job.id,
      attempt.job.attempt,
      attempt.claim.workerId,
      attempt.claim.credential,
      secretHash(attempt.secret),
      attempt.claim.requestId === null ? null : secretHash(attempt.claim.requestId),
      attempt.ttlMs,
      batch.nowMs,
      batch.nowMs + attempt.ttlMs,
      attempt.timeoutAtMs,
      attempt.deadlineMs,
      attempt.claim.pushed ? 0 : 1,
    ]),
  });
  for (const { job } of taken) {
    batch.claimedRuns.add(runOfJob(job.id));
    batch.dispatchMs.push(Math.max(0, batch.nowMs - (job.enqueued_at_ms ?? batch.nowMs)));
  }
  const upstream = await upstreamOf(batch, runs, taken, known);
  for (const { claim, job, secret, ttlMs, deadlineMs, known: of } of begun) {
    batch.event('job.running', {
      run: runOfJob(job.id),
      job: job.id,
      attempt: job.attempt,
      data: { worker_id: claim.workerId },
    });
    batch.dueAt(deadlineMs);
    answers.get(claim)?.push(
      toClaimedJob(knowledge, {
        of,
        facts: factsOf(runs, runOfJob(job.id)),
        job: job.id,
        attempt: job.attempt,
        secret,
        ttlMs,
        grantedAtMs: batch.nowMs,
        workerId: claim.workerId,
        enqueuedAtMs: job.enqueued_at_ms ?? batch.nowMs,
        delayedUntilMs: job.delayed_until_ms,
        upstream: upstream.get(job.id),
      }),
    );
  }
}

async function takeForLikeWorkers(knowledge: Knowledge, batch: Batch, claims: readonly Claim[]): Promise<Taken[]> {
  const [first] = claims;
  if (first === undefined) return [];
  const sets = knowledge.labelSets.claimableFor(knowledge.labelSets.match(first.labels));
  if (sets.length === 0) return [];
  const wanted = claims.reduce((sum, claim) => sum + claim.maxJobs, 0);
  const notes = knowledge.labelSets.notes;
  const found = await claimableJobs.run(batch.connection, { sets, limit: wanted });
  for (const job of found) batch.notBefore(job.enqueued_at_ms ?? 0);
  const rows = found.map((job) => [job.id, batch.nowMs]);
  const [begun] = await Promise.all([
    rows.length === 0 ? [] : startJobsIfQueued.run(batch.connection, { rows }),
    found.length < wanted ? noteEmptySets(knowledge, batch, sets, notes) : null,
  ]);
  const started = new Set(begun.map((job) => job.id));
  const jobs = found.filter((job) => started.has(job.id));
  const taken: Taken[] = [];
  let next = 0;
  for (const claim of claims) {
    for (const job of jobs.slice(next, next + claim.maxJobs)) taken.push({ claim, job });
    next += claim.maxJobs;
  }
  return taken;
}

/** Fewer jobs than wanted were found: there is none left in these sets, unless another server is taking some. */
async function noteEmptySets(
  knowledge: Knowledge,
  batch: Batch,
  sets: readonly number[],
  notes: number,
): Promise<void> {
  let left = new Set<number>();
  if (batch.connection.dialect.hasManyWriters) {
    const rows = await labelSetsWithQueuedJobs.run(batch.connection, { rows: sets.map((set) => [set]) });
    left = new Set(rows.map(({ id }) => id));
  }
  for (const set of sets) {
    if (left.has(set)) batch.contended = true;
    else batch.exhausted.add(set);
  }
  batch.afterCommit.push(() => {
    for (const set of sets) if (!left.has(set)) knowledge.labelSets.noteEmpty(set, notes);
  });
}

function begin(knowledge: Knowledge, batch: Batch, claim: Claim, job: ClaimableJob, known: KnownJob) {
  const ttlMs = leaseTtlMs(claim.leaseTtlSecs);
  const timeoutSecs = known.spec.timeoutSecs;
  const timeoutAtMs = timeoutSecs === null ? null : batch.nowMs + Math.ceil(timeoutSecs * 1000);
  const secret =
    claim.requestId === null
      ? randomSecret(knowledge.environment)
      : repeatableSecret(claim.requestId, claim.credential, job.id, job.attempt);
  const answerBy = claim.pushed ? Math.min(ttlMs, receivedWithinMs) : ttlMs;
  const deadlineMs = Math.min(batch.nowMs + answerBy, timeoutAtMs ?? Number.POSITIVE_INFINITY);
  return { claim, job, known, ttlMs, timeoutAtMs, deadlineMs, secret };
}

function byLabels(claims: readonly Claim[]): Claim[][] {
  const groups = new Map<string, Claim[]>();
  for (const claim of claims) {
    const group = groups.get(claim.labelsKey);
    if (group === undefined) groups.set(claim.labelsKey, [claim]);
    else group.push(claim);
  }
  return [...groups.values()];
}
