import { labelsKey, normaliseLabels } from '../domain/labels.js';
import type { Claim } from './claim.js';
import { claimOperation } from './claim-operation.js';
import type { EngineContext } from './context.js';
import type { ClaimedJob, ClaimJobs, Patience } from './engine.js';
import type { Parking } from './parking.js';

/** The longest that a claim may wait. Longer waits are cut: proxies do not keep an idle answer open for ever. */
const claimWaitMsMax = 60_000;

/** Claims jobs, and waits for one when there is none, until the time or the caller's patience is over. */
export function claimJobsVerb(context: EngineContext, parking: Parking<Claim>) {
  const operation = claimOperation(context, parking);

  return async (input: ClaimJobs, patience: Patience | null): Promise<ClaimedJob[]> => {
    const waitMs = Math.min(input.waitMs, claimWaitMsMax);
    const wait = waitMs > 0 ? new Wait() : null;
    const labels = normaliseLabels(input.labels);
    const claim: Claim = {
      credential: input.caller.credential,
      workerId: input.workerId,
      labels,
      labelsKey: labelsKey(labels),
      leaseTtlSecs: input.leaseTtlSecs,
      requestId: input.requestId,
      maxJobs: input.maxJobs,
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
