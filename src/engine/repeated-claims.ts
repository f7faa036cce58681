import { runOfJob } from '../store/job-id.js';
import { attemptsOfRequests, lockRequests, lockRequestsUnlessTaken } from '../store/statements/claims.js';
import type { Batch } from './batch.js';
import type { Claim } from './claim.js';
import { placeOf, specAt, toClaimedJob, upstreamOf } from './claimed-job.js';
import type { Knowledge } from './context.js';
import type { ClaimedJob } from './engine.js';
import { repeatableSecret, secretHash } from './lease-id.js';
import { factsOf } from './run-facts.js';

/** A claim whose id was seen before gets the jobs that it got then, while their leases live. */
export async function answerRepeats(
  knowledge: Knowledge,
  batch: Batch,
  answers: Map<Claim, ClaimedJob[]>,
): Promise<void> {
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

/**
 * A worker may send a claim again through another server while the first is still under way. Where several share the
 * database, the second waits until the first is stored, and then finds its answer.
 */
export async function lockRequestsOf(batch: Batch, claims: readonly Claim[]): Promise<void> {
  if (!batch.connection.dialect.hasManyWriters) return;
  const hashes = requestHashes(claims);
  if (hashes.length > 0) await lockRequests.run(batch.connection, { rows: hashes.map((hash) => [hash]) });
}

/**
 * The claims but those whose request another server is answering just now. To wait for it here, where this batch has
 * locks of other requests, might be to wait in a ring.
 */
export async function leaveOutTaken(batch: Batch, claims: readonly Claim[]): Promise<readonly Claim[]> {
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
