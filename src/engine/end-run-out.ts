import { type AttemptRow, attemptsByLease } from '../store/statements/attempts.js';
import type { Batch } from './batch.js';
import type { Knowledge } from './context.js';
import { type AttemptEnd, endAttempts } from './end-attempts.js';
import { giveBack } from './give-back.js';
import { leaseTopic } from './topics.js';

/** Ends live attempts whose lease or timeout has run out; a pushed job that never arrived is given back instead. */
export async function endRunOut(knowledge: Knowledge, batch: Batch, attempts: readonly AttemptRow[]): Promise<void> {
  const arrived = attempts.filter((attempt) => attempt.received === 1);
  await endAttempts(
    knowledge,
    batch,
    arrived.map((attempt) => toOverdueEnd(attempt, batch.nowMs)),
  );
  const neverArrived = attempts.filter((attempt) => attempt.received === 0);
  await giveBack(batch, neverArrived);
  for (const { job } of neverArrived) batch.signals.add(leaseTopic(job));
}

/**
 * Ends the attempts of which this batch told a caller that their lease has run out. Each is looked at again: another
 * message of the batch may have ended or renewed it.
 */
export async function endWhatWasToldOver(knowledge: Knowledge, batch: Batch): Promise<void> {
  const ranOut = batch.ranOut.splice(0);
  if (ranOut.length === 0) return;
  const byLease = new Map(ranOut.map((lease) => [lease.join('/'), lease]));
  const now = await attemptsByLease.run(batch.connection, { rows: [...byLease.values()] });
  await endRunOut(
    knowledge,
    batch,
    now.filter(({ outcome, deadline_ms }) => outcome === null && deadline_ms <= batch.nowMs),
  );
}

function toOverdueEnd(attempt: AttemptRow, nowMs: number): AttemptEnd {
  const common = { attempt, digest: null, retryable: true, outputs: null };
  if (attempt.timeout_at_ms !== null && attempt.timeout_at_ms <= nowMs) {
    const seconds = (attempt.timeout_at_ms - attempt.claimed_at_ms) / 1000;
    return { ...common, outcome: 'timed_out', backoff: true, error: `timed out after ${seconds} s` };
  }
  const seconds = attempt.ttl_ms / 1000;
  return {
    ...common,
    outcome: 'lease_expired',
    backoff: false,
    error: `lease expired: worker ${JSON.stringify(attempt.worker_id)} was not heard of for ${seconds} s`,
  };
}
