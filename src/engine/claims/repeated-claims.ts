import { runOfJob } from '../../store/job-id.js';
import { attemptsOfRequests, lockRequests, lockRequestsUnlessTaken } from '../../store/statements/claims.js';
import type { BatchContext } from '../context.js';
import { repeatableSecret } from '../leases/lease-id.js';
import { factsOf } from '../memory/run-info.js';
import { secretHash } from '../secret-hash.js';
import type { Batch } from '../writer/batch.js';
import { attemptSpecs } from './attempt-specs.js';
import type { Claim, ClaimedJob } from './claim.js';
import { placeOf, specAt, toClaimedJob, upstreamOf } from './claimed-job.js';

/**
 * A claim with a known request id gets the same jobs again while their leases live. A job that must stop is left out:
 * all the worker could do is report it.
 */
export async function answerRepeats(
  context: BatchContext,
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
    await attemptsOfRequests.run(batch.connection, {
      rows: [...claims.keys()].map((request_hash) => ({ request_hash })),
    })
  ).filter((row) => row.expires_at_ms > batch.nowMs && row.stop_reason === null);
  if (rows.length === 0) return;
  const runs = await context.runs.get(
    batch,
    rows.map((row) => runOfJob(row.job)),
  );
  const places = rows.map((row) => placeOf(runs, row.job));
  const known = await context.specs.get(batch.connection, places);
  const upstream = await upstreamOf(
    batch,
    runs,
    rows.map((row) => ({ job: { id: row.job } })),
    known,
  );
  const specs = await attemptSpecs(
    batch,
    runs,
    rows.map((row, at) => ({ job: row.job, attempt: row.number, known: specAt(known, at), matrix: row.matrix })),
  );
  rows.forEach((row, at) => {
    const of = specAt(known, at);
    const written = specs[at] ?? of.spec;
    const labels = () => context.labelSets.labelsOf(row.label_set);
    const spec = written === of.spec ? written : { ...written, labels: labels(), priority: row.priority };
    for (const claim of claims.get(row.request_hash) ?? []) {
      if (claim.requestId === null || claim.credential !== row.credential) continue;
      answers.get(claim)?.push(
        toClaimedJob(context, {
          of,
          spec,
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
          matrix: row.matrix,
        }),
      );
    }
  });
}

/**
 * A worker may repeat a claim through another server while the first is still under way. On a shared database the
 * second waits until the first is stored, and then finds its answer.
 */
export async function lockRequestsOf(batch: Batch, claims: readonly Claim[]): Promise<void> {
  if (!batch.connection.dialect.hasManyWriters) return;
  const hashes = requestHashes(claims);
  if (hashes.length > 0)
    await lockRequests.run(batch.connection, { rows: hashes.map((request_hash) => ({ request_hash })) });
}

/**
 * The claims whose requests no other server is answering at present. Waiting here, with locks of other requests held,
 * could deadlock.
 */
export async function leaveOutTaken(batch: Batch, claims: readonly Claim[]): Promise<readonly Claim[]> {
  if (!batch.connection.dialect.hasManyWriters) return claims;
  const hashes = requestHashes(claims);
  if (hashes.length === 0) return claims;
  const rows = await lockRequestsUnlessTaken.run(batch.connection, {
    rows: hashes.map((request_hash) => ({ request_hash })),
  });
  if (rows.length === hashes.length) return claims;
  batch.wakeups.contended = true;
  const ours = new Set(rows.map((row) => row.request_hash));
  return claims.filter(({ requestId }) => requestId === null || ours.has(secretHash(requestId)));
}

function requestHashes(claims: readonly Claim[]): string[] {
  const hashes = new Set<string>();
  for (const { requestId } of claims) if (requestId !== null) hashes.add(secretHash(requestId));
  return [...hashes].sort();
}
