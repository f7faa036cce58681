import { notFound } from '../../domain/errors.js';
import { labelsKey } from '../../domain/labels.js';
import { registerWorkers, touchWorkers } from '../../store/statements/workers.js';
import type { Caller } from '../caller.js';
import type { BatchContext, EngineContext } from '../context.js';
import type { Operation } from '../writer/writer.js';
import { lockWorkerIds, ownersOf, type WorkerCall } from './worker-owner.js';

const noToken: Caller = { credential: null };

export interface RegisterWorker {
  /** Absent without a token. */
  readonly caller?: Caller;
  readonly workerId: string;
  readonly labels: readonly string[];
  /** Whether it takes only jobs that require at least one label. */
  readonly onlyLabelled: boolean;
  readonly slots: number;
  readonly version: string;
}

/** Registers workers and records that they are alive. */
export function workerVerbs(context: EngineContext) {
  const register = registerOperation(context);
  const heartbeat = heartbeatOperation(context);
  return {
    registerWorker: (input: RegisterWorker): Promise<void> => context.writer.submit(register, input),
    /** Errors: `not_found` for a worker that never registered. */
    heartbeatWorker: (workerId: string, caller: Caller = noToken): Promise<void> =>
      context.writer.submit(heartbeat, { workerId, caller }),
  };
}

function registerOperation(context: BatchContext): Operation<RegisterWorker, void> {
  return {
    name: 'register-worker',
    keyOf: ({ workerId }) => workerId,
    async apply(batch, inputs) {
      const calls = inputs.map((input) => ({ ...input, caller: input.caller ?? noToken }));
      await lockWorkerIds(batch, calls);
      const owners = await ownersOf(batch, calls);
      const allowed = calls.filter((call) => owners.refusalOf(call) === null);
      await registerWorkers.run(batch.connection, {
        rows: allowed.map((input) => ({
          id: input.workerId,
          labels: labelsKey(input.labels),
          slots: Math.max(1, input.slots),
          version: input.version,
          registered_at_ms: batch.nowMs,
          seen_at_ms: batch.nowMs,
          only_labelled: input.onlyLabelled ? 1 : 0,
          credential: owners.ownerFor(input),
        })),
      });
      batch.afterCommit.push(() => {
        for (const { workerId, caller } of allowed) {
          context.workersSeen.wrote(workerId, caller.credential, batch.nowMs);
        }
      });
      return calls.map((call) => owners.refusalOf(call) ?? undefined);
    },
  };
}

function heartbeatOperation(context: BatchContext): Operation<WorkerCall, void> {
  return {
    name: 'heartbeat-worker',
    keyOf: ({ workerId }) => workerId,
    async apply(batch, calls) {
      const owners = await ownersOf(batch, calls);
      const allowed = calls.filter((call) => owners.refusalOf(call) === null).map(({ workerId }) => workerId);
      const rows = allowed.sort().map((workerId) => ({ id: workerId, seen_at_ms: batch.nowMs }));
      const known = new Set((await touchWorkers.run(batch.connection, { rows })).map(({ id }) => id));
      return calls.map((call) => {
        const { workerId, caller } = call;
        const refusal = owners.refusalOf(call);
        if (refusal !== null) return refusal;
        if (!known.has(workerId)) return notFound(`worker ${JSON.stringify(workerId)}`);
        batch.afterCommit.push(() => context.workersSeen.wrote(workerId, caller.credential, batch.nowMs));
        return undefined;
      });
    },
  };
}
