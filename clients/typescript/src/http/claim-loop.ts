import { randomUUID } from 'node:crypto';
import { isTemporary, isUnauthorised, WorkflowGraphError } from '../errors.js';
import { sleep } from '../sleep.js';
import type { Intake } from '../transport.js';
import type { Claim } from '../wire.js';
import { Backoff } from '../worker/backoff.js';

/** A server that answers "no job" sooner than this did not wait, so the worker does. */
const WAITED_MS_MIN = 500;
const POLL_MS = 1_000;
/** How long the claim that takes back an unread answer may take. */
const TAKE_BACK_MS = 2_000;

export interface ClaimRequest {
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly leaseTtlSecs: number;
  readonly waitSecs: number;
  /** The same id gets the same job while its lease lives. */
  readonly requestId: string;
}

/** The calls that the loop makes. */
export interface ClaimCalls {
  claim(request: ClaimRequest, signal: AbortSignal): Promise<Claim | null>;
  release(leaseId: string): Promise<void>;
}

/**
 * Claims jobs while slots are free, one waiting claim at a time, until the signal.
 *
 * A claim has an id, and is repeated with the same id when its answer was lost, so that a job that was granted is not
 * left to its lease's end. Throws when the server refuses the worker or the claim for good.
 */
export async function claimJobs(calls: ClaimCalls, intake: Intake): Promise<void> {
  const { signal, presence, slots } = intake;
  const backoff = new Backoff();
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  let requestId = randomUUID();
  while (!signal.aborted) {
    await Promise.race([slots.free(), stopped]);
    if (signal.aborted) return;
    const sentAt = performance.now();
    try {
      const claim = await calls.claim(claimRequest(intake, requestId), signal);
      presence.back();
      backoff.reset();
      requestId = randomUUID();
      if (claim !== null) intake.start(claim);
      else if (performance.now() - sentAt < WAITED_MS_MIN) await sleep(POLL_MS, signal);
    } catch (error) {
      if (signal.aborted) return await giveBack(calls, claimRequest(intake, requestId));
      if (isTemporary(error)) presence.away(error);
      else if (isUnauthorised(error) || isUnknownWorker(error)) await intake.register();
      else throw error;
      await sleep(backoff.nextMs(), signal);
    }
  }
}

function claimRequest({ worker, leaseTtlSecs, waitSecs }: Intake, requestId: string): ClaimRequest {
  return { workerId: worker.workerId, labels: worker.labels, leaseTtlSecs, waitSecs, requestId };
}

function isUnknownWorker(error: unknown): boolean {
  return error instanceof WorkflowGraphError && error.status === 404;
}

/**
 * The loop was ended while a claim was under way, and the server may have granted a job at that moment. The same claim
 * is sent once more, without waiting, and a job that it brings is released unrun.
 */
async function giveBack(calls: ClaimCalls, request: ClaimRequest): Promise<void> {
  try {
    const claim = await calls.claim({ ...request, waitSecs: 0 }, AbortSignal.timeout(TAKE_BACK_MS));
    if (claim !== null) await calls.release(claim.lease.lease_id);
  } catch {
    // The server cannot be asked, so a job that it granted comes back when its lease ends, as after a crash.
  }
}
