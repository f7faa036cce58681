import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import { leaseMessage } from './lease-message.js';
import type { LeaseRenewal } from './lease-operations.js';
import { releaseOperation, renewOperation } from './lease-operations.js';

/** Renews leases and releases jobs. */
export function leaseVerbs(context: EngineContext) {
  const renew = renewOperation(context);
  const release = releaseOperation(context);
  return {
    heartbeatLease: async (caller: Caller, leaseId: string): Promise<LeaseRenewal> =>
      context.writer.submit(renew, leaseMessage(context, caller, leaseId)),
    releaseJob: async (caller: Caller, leaseId: string): Promise<void> =>
      context.writer.submit(release, leaseMessage(context, caller, leaseId)),
  };
}
