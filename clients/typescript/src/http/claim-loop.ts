import { randomUUID } from 'node:crypto';
import { isTemporary, isUnauthorised, WorkflowGraphError } from '../errors.js';
import { sleep } from '../sleep.js';
import type { Intake } from '../transport.js';
import { untilAborted } from '../until-aborted.js';
import type { Claim } from '../wire.js';
import { Backoff } from '../worker/backoff.js';

/** If a server responds "no job" sooner than this, it did not wait, so the worker waits instead. */
const WAITED_MS_MIN = 500;
const POLL_MS = 1_000;
/** The maximum number of jobs per claim. */
const MAX_JOBS = 100;
/** Timeout of the claim that repeats an unread one. */
const TAKE_BACK_MS = 2_000;

export interface ClaimRequest {
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly onlyLabelled: boolean;
  readonly leaseTtlSecs: number;
  readonly waitSecs: number;
  readonly maxJobs: number;
  /** The same id gets the same jobs while their leases live. */
  readonly requestId: string;
}

/** The calls of the loop. */
export interface ClaimCalls {
  /** Empty if there was no job within `waitSecs`. */
  claim(request: ClaimRequest, signal: AbortSignal): Promise<readonly Claim[]>;
  release(leaseId: string): Promise<void>;
}

/**
 * Claims jobs while slots are free, one waiting claim at a time, until the signal.
 *
 * A claim has an id and is repeated with it when its response is lost, so that a granted job does not wait for the end
 * of its lease. Throws if the server refuses the worker or the claim permanently.
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
  const { workerId, labels, onlyLabelled } = worker;
  const maxJobs = Math.min(MAX_JOBS, slots.freeCount);
  return { workerId, labels, onlyLabelled, leaseTtlSecs, waitSecs, maxJobs, requestId: randomUUID() };
}

function isUnknownWorker(error: unknown): boolean {
  return error instanceof WorkflowGraphError && error.status === 404;
}

/**
 * The loop ended during a claim, and the server may have granted a job at that moment. The same claim is repeated
 * without waiting, and its jobs are released without running.
 */
async function giveBack(calls: ClaimCalls, request: ClaimRequest): Promise<void> {
  try {
    const claims = await calls.claim({ ...request, waitSecs: 0 }, AbortSignal.timeout(TAKE_BACK_MS));
    await Promise.all(claims.map(({ lease }) => calls.release(lease.lease_id)));
  } catch {
    // The server cannot be reached, so a granted job is requeued when its lease expires, as after a crash.
  }
}
