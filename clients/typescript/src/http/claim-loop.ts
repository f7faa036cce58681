import { randomUUID } from 'node:crypto';
import { isTemporary, isUnauthorised, WorkflowGraphError } from '../errors.js';
import { sleep } from '../sleep.js';
import type { Intake } from '../transport.js';
import { untilAborted } from '../until-aborted.js';
import type { Claim } from '../wire.js';
import { Backoff } from '../worker/backoff.js';

/** A server that answers "no job" sooner than this did not wait, so the worker does. */
const WAITED_MS_MIN = 500;
const POLL_MS = 1_000;
/** So many jobs are claimed at once, where so many slots are free. */
const MAX_JOBS = 100;
/** How long the claim that takes back an unread answer may take. */
const TAKE_BACK_MS = 2_000;

export interface ClaimRequest {
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly leaseTtlSecs: number;
  readonly waitSecs: number;
  readonly maxJobs: number;
  /** The same id gets the same jobs while their leases live. */
  readonly requestId: string;
}

/** The calls that the loop makes. */
export interface ClaimCalls {
  /** Empty when there was no job within `waitSecs`. */
  claim(request: ClaimRequest, signal: AbortSignal): Promise<readonly Claim[]>;
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
  let request: ClaimRequest | null = null;
  while (!signal.aborted) {
    await untilAborted(slots.free(), signal);
    if (signal.aborted) return;
    request ??= newRequest(intake);
    const sentAt = performance.now();
    try {
      const claims = await calls.claim(request, signal);
      presence.back();
      backoff.reset();
      request = null;
      for (const claim of claims) intake.start(claim);
      if (claims.length === 0 && performance.now() - sentAt < WAITED_MS_MIN) await sleep(POLL_MS, signal);
    } catch (error) {
      if (signal.aborted) return await giveBack(calls, request ?? newRequest(intake));
      if (isTemporary(error)) presence.away(error);
      else if (isUnauthorised(error) || isUnknownWorker(error)) await intake.register();
      else throw error;
      await sleep(backoff.nextMs(), signal);
    }
  }
}

function newRequest({ worker, leaseTtlSecs, waitSecs, slots }: Intake): ClaimRequest {
  const { workerId, labels } = worker;
  const maxJobs = Math.min(MAX_JOBS, slots.freeCount);
  return { workerId, labels, leaseTtlSecs, waitSecs, maxJobs, requestId: randomUUID() };
}

function isUnknownWorker(error: unknown): boolean {
  return error instanceof WorkflowGraphError && error.status === 404;
}

/**
 * The loop was ended while a claim was under way, and the server may have granted a job at that moment. The same claim
 * is sent once more, without waiting, and the jobs that it brings are released unrun.
 */
async function giveBack(calls: ClaimCalls, request: ClaimRequest): Promise<void> {
  try {
    const claims = await calls.claim({ ...request, waitSecs: 0 }, AbortSignal.timeout(TAKE_BACK_MS));
    await Promise.all(claims.map(({ lease }) => calls.release(lease.lease_id)));
  } catch {
    // The server cannot be asked, so a job that it granted comes back when its lease ends, as after a crash.
  }
}
