import { leaseTtlMs } from '../domain/lease.js';
import { jobIdOf, ordinalOfJob, runOfJob } from '../store/job-id.js';
import {
  attemptsOfRequests,
  type ClaimableJob,
  claimableJobs,
  insertAttempts,
  labelSetsWithQueuedJobs,
  lockRequests,
  lockRequestsUnlessTaken,
  startJobsIfQueued,
  upstreamOutputs,
} from '../store/statements/claims.js';
import { noteWorkers } from '../store/statements/workers.js';
import type { Batch } from './batch.js';
import type { Knowledge } from './context.js';
import type { ClaimedJob } from './engine.js';
import type { KnownJob } from './job-specs.js';
import { makeLeaseId, randomSecret, repeatableSecret, secretHash } from './lease-id.js';
import type { Parking } from './parking.js';
import { factsOf, type RunFacts } from './run-facts.js';
import type { Operation } from './writer.js';

/** One worker's wish for jobs. */
export interface Claim {
  readonly credential: string | null;
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly labelsKey: string;
  readonly leaseTtlSecs: number | null;
  readonly requestId: string | null;
  /** May grow while the claim is parked. */
  maxJobs: number;
  /** Whether the jobs are pushed: an attempt counts only when the worker says that the job has arrived. */
  readonly pushed: boolean;
  /** Called once, after the commit, when the claim was parked and is served. Null: the claim does not wait. */
  readonly deliver: ((jobs: ClaimedJob[]) => void) | null;
}

/** How long a pushed job waits for the word that it has arrived, before it goes back to the queue uncounted. */
export const receivedWithinMs = 5_000;

interface Taken {
  readonly claim: Claim;
  readonly job: ClaimableJob;
}

/**
 * Hands claimable jobs to workers. Claims come last in a batch, so that they see what the batch made claimable.
 */
export function claimOperation(knowledge: Knowledge, parking: Parking<Claim>): Operation<Claim, ClaimedJob[]> {
  return {
    name: 'claim',
    rank: 90,
    keyOf: (claim) => claim.requestId,
    async apply(batch, claims) {
      const answers = new Map<Claim, ClaimedJob[]>(claims.map((claim) => [claim, []]));
      noteWhatBecameClaimable(knowledge, batch);
      await noteWorkersSeen(knowledge, batch, claims);
      await lockRequestsOf(batch, claims);
      await answerRepeats(knowledge, batch, answers);
      const fresh = claims.filter((claim) => answers.get(claim)?.length === 0);
      await takeJobs(knowledge, batch, fresh, answers);
      for (const claim of fresh) {
        if (answers.get(claim)?.length !== 0) continue;
        batch.emptyClaims += 1;
        if (claim.deliver === null) continue;
        batch.afterCommit.push(() => {
          parking.park(claim);
          if (!batch.connection.dialect.hasManyWriters) return;
          const { labelSets } = knowledge;
          for (const set of labelSets.claimableFor(labelSets.match(claim.labels))) batch.missed.add(set);
        });
      }
      return claims.map((claim) => answers.get(claim) ?? []);
    },
  };
}

/** How many parked claims of one kind of worker a batch serves at most. */
const parkedMax = 512;

/** Serves the claims that wait for what this batch made claimable, in the same transaction. */
export async function serveParked(knowledge: Knowledge, batch: Batch, parking: Parking<Claim>): Promise<void> {
  noteWhatBecameClaimable(knowledge, batch);
  if (parking.size === 0 || (batch.claimable.size === 0 && batch.heardClaimable.size === 0)) return;
  const parked = parking.oldest((labels) => {
    const { sets } = knowledge.labelSets.match(labels);
    for (const set of batch.claimable) if (sets.has(set)) return true;
    for (const set of batch.heardClaimable) if (sets.has(set)) return true;
    return false;
  }, parkedMax);
  const claims = await leaveOutTaken(batch, parked);
  const answers = new Map<Claim, ClaimedJob[]>(claims.map((claim) => [claim, []]));
  // A caller may repeat a claim while the first, whose connection broke, is still parked, here or at another server.
  await answerRepeats(knowledge, batch, answers);
  const firsts = new Map<unknown, Claim>();
  for (const claim of claims) {
    const request = claim.requestId === null ? claim : `${claim.credential}/${claim.requestId}`;
    if (answers.get(claim)?.length === 0 && !firsts.has(request)) firsts.set(request, claim);
  }
  await takeJobs(knowledge, batch, [...firsts.values()], answers);
  for (const claim of claims) {
    const first = firsts.get(`${claim.credential}/${claim.requestId}`);
    if (claim.requestId !== null && first !== undefined) answers.set(claim, answers.get(first) ?? []);
  }
  for (const [claim, jobs] of answers) {
    if (jobs.length === 0) continue;
    batch.afterCommit.push(() => {
      parking.leave(claim);
      claim.deliver?.(jobs);
    });
  }
}

/**
 * A worker may send a claim again through another server while the first is still under way. Where several share the
 * database, the second waits until the first is stored, and then finds its answer.
 */
async function lockRequestsOf(batch: Batch, claims: readonly Claim[]): Promise<void> {
  if (!batch.connection.dialect.hasManyWriters) return;
  const hashes = requestHashes(claims);
  if (hashes.length > 0) await lockRequests.run(batch.connection, { rows: hashes.map((hash) => [hash]) });
}

/**
 * The claims but those whose request another server is answering just now. To wait for it here, where this batch has
 * locks of other requests, might be to wait in a ring.
 */
async function leaveOutTaken(batch: Batch, claims: readonly Claim[]): Promise<readonly Claim[]> {
  if (!batch.connection.dialect.hasManyWriters) return claims;
  const hashes = requestHashes(claims);
  if (hashes.length === 0) return claims;
  const rows = await lockRequestsUnlessTaken.run(batch.connection, { rows: hashes.map((hash) => [hash]) });
  if (rows.length === hashes.length) return claims;
  batch.contended = true;
  const ours = new Set(rows.map((row) => row.request_hash));
  return claims.filter(({ requestId }) => requestId === null || ours.has(secretHash(requestId)));
}

function requestHashes(claims: readonly Claim[]): string[] {
  const hashes = new Set<string>();
  for (const { requestId } of claims) if (requestId !== null) hashes.add(secretHash(requestId));
  return [...hashes].sort();
}

/** Should the batch fail, a set that is noted in vain costs one query that finds nothing. */
function noteWhatBecameClaimable(knowledge: Knowledge, batch: Batch): void {
  for (const set of batch.claimable) knowledge.labelSets.noteClaimable(set);
}

/** Gives jobs to claims in the order of arrival, those of like workers together. */
async function takeJobs(
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

/** A claim whose id was seen before gets the jobs that it got then, while their leases live. */
async function answerRepeats(knowledge: Knowledge, batch: Batch, answers: Map<Claim, ClaimedJob[]>): Promise<void> {
  const claims = new Map<string, Claim[]>();
  for (const claim of answers.keys()) {
    if (claim.requestId === null) continue;
    const request = secretHash(claim.requestId);
    claims.set(request, [...(claims.get(request) ?? []), claim]);
  }
  if (claims.size === 0) return;
  const rows = (
    await attemptsOfRequests.run(batch.connection, { rows: [...claims.keys()].map((request) => [request]) })
  ).filter((row) => row.expires_at_ms > batch.nowMs);
  if (rows.length === 0) return;
  const runs = await knowledge.runs.get(
    batch,
    rows.map((row) => runOfJob(row.job)),
  );
  const places = rows.map((row) => placeOf(runs, row.job));
  const known = await knowledge.specs.get(batch.connection, places);
  const upstream = await upstreamOf(
    batch,
    runs,
    rows.map((row) => ({ job: { id: row.job } })),
    known,
  );
  rows.forEach((row, at) => {
    for (const claim of claims.get(row.request_hash) ?? []) {
      if (claim.requestId === null || claim.credential !== row.credential) continue;
      answers.get(claim)?.push(
        toClaimedJob(knowledge, {
          of: specAt(known, at),
          facts: factsOf(runs, runOfJob(row.job)),
          job: row.job,
          attempt: row.number,
          secret: repeatableSecret(claim.requestId, claim.credential, row.job, row.number),
          ttlMs: row.ttl_ms,
          grantedAtMs: row.claimed_at_ms,
          workerId: row.worker_id,
          enqueuedAtMs: row.enqueued_at_ms ?? row.claimed_at_ms,
          delayedUntilMs: row.delayed_until_ms,
          upstream: upstream.get(row.job),
        }),
      );
    }
  });
}

/** The outputs of what each job needs; only jobs that need something cost a row. */
async function upstreamOf(
  batch: Batch,
  runs: ReadonlyMap<number, RunFacts>,
  taken: readonly { job: { id: number } }[],
  known: readonly KnownJob[],
): Promise<Map<number, Map<string, Map<string, string>>>> {
  const outputs = new Map<number, Map<string, Map<string, string>>>();
  const needing = taken.filter((_, at) => specAt(known, at).needs > 0);
  if (needing.length === 0) return outputs;
  const rows = await upstreamOutputs.run(batch.connection, {
    rows: needing.map(({ job }) => {
      const { version, ord } = placeOf(runs, job.id);
      return [jobIdOf(runOfJob(job.id), ord), runOfJob(job.id), version, ord];
    }),
  });
  for (const row of rows) {
    let ofJob = outputs.get(row.job);
    if (ofJob === undefined) {
      ofJob = new Map();
      outputs.set(row.job, ofJob);
    }
    ofJob.set(row.key, row.outputs === null ? new Map() : new Map(Object.entries(JSON.parse(row.outputs))));
  }
  return outputs;
}

function toClaimedJob(
  knowledge: Knowledge,
  from: {
    of: KnownJob;
    facts: RunFacts;
    job: number;
    attempt: number;
    secret: string;
    ttlMs: number;
    grantedAtMs: number;
    workerId: string;
    enqueuedAtMs: number;
    delayedUntilMs: number | null;
    upstream: ReadonlyMap<string, ReadonlyMap<string, string>> | undefined;
  },
): ClaimedJob {
  return {
    leaseId: makeLeaseId(from.job, from.attempt, from.secret),
    ttlSecs: from.ttlMs / 1000,
    grantedAtMs: from.grantedAtMs,
    workerId: from.workerId,
    runId: from.facts.id,
    workflowId: from.facts.workflowId,
    jobKey: from.of.key,
    attempt: from.attempt,
    enqueuedAtMs: from.enqueuedAtMs,
    delayedUntilMs: from.delayedUntilMs,
    traceparent: knowledge.tracing?.traceparent(from.facts, from.of.key, from.attempt) ?? null,
    inputs: from.facts.inputs,
    upstreamOutputs: from.upstream ?? new Map(),
    spec: from.of.spec,
  };
}

async function noteWorkersSeen(knowledge: Knowledge, batch: Batch, claims: readonly Claim[]): Promise<void> {
  const due = new Map<string, Claim>();
  for (const claim of claims) {
    if (knowledge.workersSeen.isDue(claim.workerId, batch.nowMs)) due.set(claim.workerId, claim);
  }
  if (due.size === 0) return;
  await noteWorkers.run(batch.connection, {
    rows: [...due.values()].map((claim) => [claim.workerId, claim.labelsKey, 1, '', batch.nowMs, batch.nowMs]),
  });
  batch.afterCommit.push(() => {
    for (const workerId of due.keys()) knowledge.workersSeen.wrote(workerId, batch.nowMs);
  });
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

function placeOf(runs: ReadonlyMap<number, RunFacts>, job: number): { version: number; ord: number } {
  return { version: factsOf(runs, runOfJob(job)).version, ord: ordinalOfJob(job) };
}

function specAt(known: readonly KnownJob[], at: number): KnownJob {
  const of = known[at];
  if (of === undefined) throw new Error(`no specification was loaded at ${at}`);
  return of;
}
