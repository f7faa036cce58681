import type { EngineContext } from './context.js';
import type { Caller, LeaseRenewal } from './engine.js';
import { releaseOperation, renewOperation } from './lease-operations.js';
import { underLease } from './under-lease.js';

/** Renewing leases and giving jobs back. */
export function leaseVerbs(context: EngineContext) {
  const renew = renewOperation();
  const release = releaseOperation();
  return {
    heartbeatLease: async (caller: Caller, leaseId: string): Promise<LeaseRenewal> =>
      context.writer.submit(renew, underLease(context, caller, leaseId)),
    releaseJob: async (caller: Caller, leaseId: string): Promise<void> =>
      context.writer.submit(release, underLease(context, caller, leaseId)),
  };
}
