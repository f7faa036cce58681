import { leaseRefused } from '../domain/errors.js';
import type { EngineContext } from './context.js';
import type { Caller } from './engine.js';
import { parseLeaseId } from './lease-id.js';
import type { UnderLease } from './lease-operations.js';

/** What a verb knows of a message under a lease. Errors: `unknown_lease` for what cannot be a lease id. */
export function underLease(context: EngineContext, caller: Caller, leaseId: string): UnderLease {
  const lease = parseLeaseId(leaseId);
  if (lease === null) throw leaseRefused('unknown_lease', 'No such lease: this is not a lease id of this server.');
  return { lease, credential: caller.credential, receivedAtMs: context.environment.now() };
}
