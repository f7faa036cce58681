import { DomainError } from '../../domain/errors.js';
import { tokenIsValid } from '../../domain/token.js';
import { lockWorkers, otherOwners, replaceOwners } from '../../store/statements/workers.js';
import type { Caller } from '../caller.js';
import type { Batch } from '../writer/batch.js';

/** A call that names its worker. */
export interface WorkerCall {
  readonly workerId: string;
  readonly caller: Caller;
}

/** Decisions about the ids of some workers. */
export interface Owners {
  /** Why the caller may not use the id; null when it may. */
  refusalOf(call: WorkerCall): DomainError | null;
  /** The token that owns the id from now on; null without tokens. */
  ownerFor(call: WorkerCall): string | null;
}

/**
 * A worker's id belongs to the token that registered it, so that no other token can change what the list of workers and
 * `why` show of it. Ownership passes on when that token was revoked or has expired, or to a new token of the same name,
 * which replaces it. An admin may use any id; the owner stays. Without tokens no id has an owner, and nothing is
 * checked.
 */
export async function ownersOf(batch: Batch, calls: readonly WorkerCall[]): Promise<Owners> {
  const rows = new Map<string, { id: string; credential: string }>();
  for (const { workerId, caller } of calls) {
    const { credential } = caller;
    if (credential !== null) rows.set(keyOf(workerId, caller), { id: workerId, credential });
  }
  const others = rows.size === 0 ? [] : await otherOwners.run(batch.connection, { rows: [...rows.values()] });
  const owned = new Map<string, { owner: string; name: string }>();
  for (const { id, credential, owner, name, caller_name, expires_at_ms, revoked_at_ms } of others) {
    if (name === null || name === caller_name) continue;
    if (!tokenIsValid({ expiresAtMs: expires_at_ms, revokedAtMs: revoked_at_ms }, batch.nowMs)) continue;
    owned.set(keyOf(id, { credential }), { owner, name });
  }
  return {
    refusalOf({ workerId, caller }) {
      const other = owned.get(keyOf(workerId, caller));
      if (other === undefined || caller.isAdmin === true) return null;
      return new DomainError(
        'forbidden',
        `the worker id ${JSON.stringify(workerId)} belongs to the token ${JSON.stringify(other.name)}, which registered it: ` +
          'give this worker another id, or use that token, or revoke it',
      );
    },
    ownerFor: ({ workerId, caller }) => owned.get(keyOf(workerId, caller))?.owner ?? caller.credential,
  };
}

/**
 * Decides between calls under ids that have another owner when their rows are locked than was found before: the owner may pass
 * the id on, to one call after the other. Returns the refusals.
 */
export async function decideContested<Call extends WorkerCall>(
  batch: Batch,
  contested: readonly Call[],
): Promise<Map<Call, DomainError>> {
  const refusals = new Map<Call, DomainError>();
  for (let left = contested; left.length > 0; ) {
    const firsts = new Map(left.toReversed().map((call) => [call.workerId, call]));
    const calls = [...firsts.values()];
    const owners = await ownersOf(batch, calls);
    const allowed = calls.filter((call) => owners.refusalOf(call) === null);
    for (const call of calls) {
      const refusal = owners.refusalOf(call);
      if (refusal !== null) refusals.set(call, refusal);
    }
    const rows = allowed.map((call) => ({ id: call.workerId, credential: owners.ownerFor(call) }));
    if (rows.length > 0) await replaceOwners.run(batch.connection, { rows });
    left = left.filter((call) => firsts.get(call.workerId) !== call);
  }
  return refusals;
}

/**
 * Locks the rows of workers before their owners are read, so that the second of two tokens, at whatever server, finds the
 * owner that the first one set. Registrations do this as the first operations of a batch. Claims need not, because by
 * then their batch holds many other locks: the row that they store says who came first.
 */
export async function lockWorkerIds(batch: Batch, calls: readonly WorkerCall[]): Promise<void> {
  if (!batch.connection.dialect.hasManyWriters) return;
  const owned = calls.filter(({ caller }) => caller.credential !== null);
  if (owned.length === 0) return;
  const rows = [...new Set(owned.map(({ workerId }) => workerId))].map((id) => ({ id }));
  await lockWorkers.run(batch.connection, { rows, nowMs: batch.nowMs });
}

function keyOf(workerId: string, caller: Caller): string {
  return `${caller.credential}/${workerId}`;
}
