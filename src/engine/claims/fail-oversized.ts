import { limits } from '../../domain/limits.js';
import { runOfJob } from '../../store/job-id.js';
import { attemptsByLease } from '../../store/statements/attempts.js';
import { insertAttempts, startJobsIfQueued } from '../../store/statements/claims.js';
import type { BatchContext } from '../context.js';
import { endAttempts } from '../leases/end-attempts.js';
import { randomSecret } from '../leases/lease-id.js';
import { secretHash } from '../secret-hash.js';
import type { OversizedJob } from '../writer/batch-wakeups.js';
import type { Operation } from '../writer/writer.js';

/**
 * Fails jobs that a claim found and whose needs together have more outputs than a job may get. No worker could take
 * such a job, so it would block the head of the queue for ever. Each gets a failed attempt without a retry, because a
 * retry would find the same outputs.
 *
 * It is an operation of its own, before claims, because the end of a job may make others claimable. The label sets of
 * the failed jobs count as claimable, so a parked claim that found only such a job looks again.
 */
export function failOversizedOperation(context: BatchContext): Operation<OversizedJob, void> {
  return {
    name: 'fail-oversized',
    keyOf: ({ job }) => job.id,
    jobsOf: ({ job }) => [job.id],
    async apply(batch, oversized) {
      const begun = await startJobsIfQueued.run(batch.connection, {
        rows: oversized.map(({ job }) => ({ id: job.id, at_ms: batch.nowMs })),
      });
      const started = new Set(begun.map(({ id }) => id));
      const failing = oversized.filter(({ job }) => started.has(job.id));
      for (const { job } of oversized) batch.wakeups.claimable.add(job.label_set);
      if (failing.length === 0) return oversized.map(() => undefined);
      await insertAttempts.run(batch.connection, {
        rows: failing.map(({ job, workerId, credential }) => ({
          job: job.id,
          number: job.attempt,
          worker_id: workerId,
          credential,
          lease_hash: secretHash(randomSecret(context.environment)),
          request_hash: null,
          ttl_ms: 0,
          claimed_at_ms: batch.nowMs,
          expires_at_ms: batch.nowMs,
          timeout_at_ms: null,
          deadline_ms: batch.nowMs,
          received: 1,
        })),
      });
      for (const { job, workerId } of failing) {
        batch.changes.claimedRuns.add(runOfJob(job.id));
        batch.changes.event('job.running', {
          run: runOfJob(job.id),
          job: job.id,
          attempt: job.attempt,
          data: { worker_id: workerId },
        });
      }
      const attempts = await attemptsByLease.run(batch.connection, {
        rows: failing.map(({ job }) => ({ job: job.id, number: job.attempt })),
      });
      const bytesOf = new Map(failing.map(({ job, bytes }) => [job.id, bytes]));
      await endAttempts(
        context,
        batch,
        attempts.map((attempt) => ({
          attempt,
          outcome: 'failure',
          digest: null,
          error: tooLargeText(bytesOf.get(attempt.job) ?? 0),
          exitCode: null,
          retryable: false,
          backoff: false,
          outputs: null,
        })),
      );
      return oversized.map(() => undefined);
    },
  };
}

function tooLargeText(bytes: number): string {
  const mib = (size: number) => (size / 2 ** 20).toFixed(1);
  return (
    `the jobs that this one needs have ${mib(bytes)} MiB of outputs together, and a job gets at most ` +
    `${mib(limits.upstreamOutputsBytes)} MiB: pass large data by a file or a store, and only its name as an output`
  );
}
