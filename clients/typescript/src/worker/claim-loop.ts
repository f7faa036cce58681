import { randomUUID } from 'node:crypto';
import { isTemporary, isUnauthorised, WorkflowGraphError } from '../errors.js';
import { sleep } from '../sleep.js';
import type { ClaimRequest, Transport } from '../transport.js';
import type { Claim } from '../wire.js';
import { Backoff } from './backoff.js';
import type { ServerPresence } from './presence.js';

/** A server that answers "no job" sooner than this did not wait, so the worker does. */
const WAITED_MS_MIN = 500;
const POLL_MS = 1_000;
/** How long the claim that takes back an unread answer may take. */
const TAKE_BACK_MS = 2_000;

export interface ClaimLoop {
  readonly transport: Transport;
  readonly presence: ServerPresence;
  readonly request: Omit<ClaimRequest, 'requestId'>;
  /** Resolves when a job can be taken. */
  slotIsFree(): Promise<void>;
  start(claim: Claim): void;
  /** Makes the worker known again. Throws when the server refuses it. */
  register(): Promise<void>;
  /** Ends the loop. */
  readonly signal: AbortSignal;
}

/**
 * Claims jobs while slots are free, one waiting claim at a time, until the signal.
 *
 * A claim has an id, and is repeated with the same id when its answer was lost, so that a job that was granted is not
 * left to its lease's end. Throws when the server refuses the worker or the claim for good.
 */
export async function claimJobs(loop: ClaimLoop): Promise<void> {
  const { signal, presence } = loop;
  const backoff = new Backoff();
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  let requestId = randomUUID();
  while (!signal.aborted) {
    await Promise.race([loop.slotIsFree(), stopped]);
    if (signal.aborted) return;
    const sentAt = performance.now();
    try {
      const claim = await loop.transport.claim({ ...loop.request, requestId }, signal);
      presence.back();
      backoff.reset();
      requestId = randomUUID();
      if (claim !== null) loop.start(claim);
      else if (performance.now() - sentAt < WAITED_MS_MIN) await sleep(POLL_MS, signal);
    } catch (error) {
      if (signal.aborted) return await giveBack(loop, requestId);
      if (isTemporary(error)) presence.away(error);
      else if (isUnauthorised(error) || isUnknownWorker(error)) await loop.register();
      else throw error;
      await sleep(backoff.nextMs(), signal);
    }
  }
}

function isUnknownWorker(error: unknown): boolean {
  return error instanceof WorkflowGraphError && error.status === 404;
}

/**
 * The loop was ended while a claim was under way, and the server may have granted a job at that moment. The same claim
 * is sent once more, without waiting, and a job that it brings is released unrun.
 */
async function giveBack(loop: ClaimLoop, requestId: string): Promise<void> {
  try {
    const request = { ...loop.request, requestId, waitSecs: 0 };
    const claim = await loop.transport.claim(request, AbortSignal.timeout(TAKE_BACK_MS));
    if (claim !== null) await loop.transport.release(claim.lease.lease_id);
  } catch {
    // The server cannot be asked, so a job that it granted comes back when its lease ends, as after a crash.
  }
}
