import type { JobSpec } from '../../domain/definition/job-spec.js';
import { leaseTtlMs } from '../../domain/lease.js';
import { runOfJob } from '../../store/job-id.js';
import {
  type ClaimableJob,
  claimableJobs,
  insertAttempts,
  labelSetsWithQueuedJobs,
  startJobsIfQueued,
} from '../../store/statements/claims.js';
import type { BatchContext } from '../context.js';
import { randomSecret, repeatableSecret } from '../leases/lease-id.js';
import type { KnownJob } from '../memory/job-specs.js';
import { factsOf, type RunInfo } from '../memory/run-info.js';
import { secretHash } from '../secret-hash.js';
import type { Batch } from '../writer/batch.js';
import { attemptSpecs } from './attempt-specs.js';
import type { ClaimedJob } from './claim.js';
import { type Claim, receivedWithinMs } from './claim.js';
import { toClaimedJob, upstreamOf } from './claimed-job.js';
import { claimLimits } from './limits.js';
import { shareOut } from './share-out.js';
import { weighJobs } from './weigh-jobs.js';

interface Taken {
  readonly claim: Claim;
  readonly job: ClaimableJob;
  readonly known: KnownJob;
}

/** If the batch fails, a wrongly noted set costs one query that finds nothing. */
export function noteWhatBecameClaimable(context: BatchContext, batch: Batch): void {
  for (const set of batch.wakeups.claimable) context.labelSets.noteClaimable(set);
}

/** Gives jobs to claims in the order of arrival, those of like workers together. */
export async function takeJobs(
  context: BatchContext,
  batch: Batch,
  claims: readonly Claim[],
  answers: Map<Claim, ClaimedJob[]>,
): Promise<void> {
  const taken: Taken[] = [];
  const runs = new Map<number, RunInfo>();
  for (const alike of byOffer(claims)) taken.push(...(await takeForLikeWorkers(context, batch, runs, alike)));
  if (taken.length === 0) return;

  const specs = await attemptSpecs(
    batch,
    runs,
    taken.map(({ job, known }) => ({ job: job.id, attempt: job.attempt, known, matrix: job.matrix })),
  );
  const begun = taken.map(({ claim, job, known }, at) =>
    begin(context, batch, claim, job, known, specs[at] ?? known.spec),
  );
  await insertAttempts.run(batch.connection, {
    rows: begun.map(({ job, claim, secret, ttlMs, timeoutAtMs, deadlineMs }) => ({
      job: job.id,
      number: job.attempt,
      worker_id: claim.workerId,
      credential: claim.credential,
      lease_hash: secretHash(secret),
      request_hash: claim.requestId === null ? null : secretHash(claim.requestId),
      ttl_ms: ttlMs,
      claimed_at_ms: batch.nowMs,
      expires_at_ms: batch.nowMs + ttlMs,
      timeout_at_ms: timeoutAtMs,
      deadline_ms: deadlineMs,
      received: claim.pushed ? 0 : 1,
    })),
  });
  for (const { job } of taken) {
    batch.changes.claimedRuns.add(runOfJob(job.id));
    batch.measures.dispatchMs.push(Math.max(0, batch.nowMs - (job.enqueued_at_ms ?? batch.nowMs)));
  }
  const upstream = await upstreamOf(
    batch,
    runs,
    taken,
    taken.map(({ known }) => known),
  );
  for (const { claim, job, secret, ttlMs, deadlineMs, known: of, spec } of begun) {
    batch.changes.event('job.running', {
      run: runOfJob(job.id),
      job: job.id,
      attempt: job.attempt,
      data: { worker_id: claim.workerId },
    });
    batch.wakeups.dueAt(deadlineMs);
    answers.get(claim)?.push(
      toClaimedJob(context, {
        of,
        spec: spec === of.spec ? spec : withClaimed(context, spec, job),
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
        matrix: job.matrix,
      }),
    );
  }
}

async function takeForLikeWorkers(
  context: BatchContext,
  batch: Batch,
  runs: Map<number, RunInfo>,
  claims: readonly Claim[],
): Promise<Taken[]> {
  const [first] = claims;
  if (first === undefined) return [];
  const sets = context.labelSets.claimableFor(context.labelSets.match(first.offer));
  if (sets.length === 0) return [];
  const wanted = claims.reduce((sum, claim) => sum + claim.maxJobs, 0);
  const notes = context.labelSets.notes;
  const found = await claimableJobs.run(batch.connection, { sets, limit: wanted });
  for (const job of found) batch.notBefore(job.enqueued_at_ms ?? 0);
  const weighed = await weighJobs(context, batch, runs, found, wanted > claims.length);
  const fitting = weighed.filter((job) => job.upstreamBytes <= claimLimits.upstreamBytes);
  for (const { job, upstreamBytes: bytes } of weighed) {
    if (bytes > claimLimits.upstreamBytes)
      batch.wakeups.oversized.push({ job, bytes, workerId: first.workerId, credential: first.credential });
  }
  const rows = shareOut(claims, fitting).map(({ job: { job } }) => ({ id: job.id, at_ms: batch.nowMs }));
  const [begun] = await Promise.all([
    rows.length === 0 ? [] : startJobsIfQueued.run(batch.connection, { rows }),
    // Jobs that were found and not taken are left in these sets.
    found.length < wanted && rows.length === found.length ? noteEmptySets(context, batch, sets, notes) : null,
  ]);
  const started = new Set(begun.map((job) => job.id));
  // Shared out again, because another server may have taken some of them first.
  return shareOut(
    claims,
    fitting.filter(({ job }) => started.has(job.id)),
  ).map(({ claim, job: { job, known } }) => ({ claim, job, known }));
}

/** Fewer jobs than wanted: no job is left in these sets, unless another server is taking some. */
async function noteEmptySets(
  context: BatchContext,
  batch: Batch,
  sets: readonly number[],
  notes: number,
): Promise<void> {
  let left = new Set<number>();
  if (batch.connection.dialect.hasManyWriters) {
    const rows = await labelSetsWithQueuedJobs.run(batch.connection, { rows: sets.map((id) => ({ id })) });
    left = new Set(rows.map(({ id }) => id));
  }
  for (const set of sets) {
    if (left.has(set)) batch.wakeups.contended = true;
    else batch.wakeups.exhausted.add(set);
  }
  batch.afterCommit.push(() => {
    for (const set of sets) if (!left.has(set)) context.labelSets.noteEmpty(set, notes);
  });
}

function begin(context: BatchContext, batch: Batch, claim: Claim, job: ClaimableJob, known: KnownJob, spec: JobSpec) {
  const ttlMs = leaseTtlMs(claim.leaseTtlSecs);
  const { timeoutSecs } = spec;
  const timeoutAtMs = timeoutSecs === null ? null : batch.nowMs + Math.ceil(timeoutSecs * 1000);
  const secret =
    claim.requestId === null
      ? randomSecret(context.environment)
      : repeatableSecret(claim.requestId, claim.credential, job.id, job.attempt);
  const answerBy = claim.pushed ? Math.min(ttlMs, receivedWithinMs) : ttlMs;
  const deadlineMs = Math.min(batch.nowMs + answerBy, timeoutAtMs ?? Number.POSITIVE_INFINITY);
  return { claim, job, known, spec, ttlMs, timeoutAtMs, deadlineMs, secret };
}

/** Labels and priority were computed when the job became claimable. */
function withClaimed(context: BatchContext, spec: JobSpec, job: ClaimableJob): JobSpec {
  return { ...spec, labels: context.labelSets.labelsOf(job.label_set), priority: job.priority };
}

function byOffer(claims: readonly Claim[]): Claim[][] {
  const groups = new Map<string, Claim[]>();
  for (const claim of claims) {
    const group = groups.get(claim.offer.key);
    if (group === undefined) groups.set(claim.offer.key, [claim]);
    else group.push(claim);
  }
  return [...groups.values()];
}
