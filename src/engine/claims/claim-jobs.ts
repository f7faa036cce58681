import { makeOffer } from '../../domain/labels.js';
import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import type { Claim, ClaimedJob } from './claim.js';
import { claimOperation } from './claim-operation.js';
import { claimLimits } from './limits.js';
import type { Parking } from './parking.js';

/**
 * How long the sender of a claim waits. Called when the wait begins; a claim that finds a job does not wait. It calls
 * `giveUp` when the wait should end, possibly at once. The function that it returns is called at the end of the wait.
 */
export type Patience = (giveUp: () => void) => () => void;

export interface ClaimJobs {
  readonly caller: Caller;
  readonly workerId: string;
  readonly labels: readonly string[];
  /** Whether the claim wants only jobs that require at least one label. */
  readonly onlyLabelled: boolean;
  /** As requested; null when absent. */
  readonly leaseTtlSecs: number | null;
  readonly waitMs: number;
  readonly requestId: string | null;
  readonly maxJobs: number;
}

/** Claims jobs. If there is none, waits for one until the time or the caller's patience is over. */
export function claimJobsVerb(context: EngineContext, parking: Parking<Claim>) {
  const operation = claimOperation(context, parking);

  return async (input: ClaimJobs, patience: Patience | null): Promise<ClaimedJob[]> => {
    const waitMs = Math.min(input.waitMs, claimLimits.waitMs);
    const wait = waitMs > 0 ? new Wait() : null;
    const claim: Claim = {
      caller: input.caller,
      credential: input.caller.credential,
      workerId: input.workerId,
      offer: makeOffer(input.labels, input.onlyLabelled),
      leaseTtlSecs: input.leaseTtlSecs,
      requestId: input.requestId,
      maxJobs: input.maxJobs,
      isWithdrawn: false,
      pushed: false,
      deliver: wait === null ? null : (jobs) => wait.end(jobs),
    };
    const found = await context.writer.submit(operation, claim);
    if (wait === null || found.length > 0) return found;

    const giveUp = () =>
      context.writer.betweenBatches(() => {
        if (parking.leave(claim)) wait.end([]);
      });
    const cancelTimer = context.environment.after(waitMs, giveUp);
    const waited = patience?.(giveUp);
    try {
      return await wait.ended;
    } finally {
      cancelTimer();
      waited?.();
    }
  };
}

class Wait {
  readonly ended: Promise<ClaimedJob[]>;
  #resolve: (jobs: ClaimedJob[]) => void = () => {};

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  end(jobs: ClaimedJob[]): void {
    this.#resolve(jobs);
  }
}
