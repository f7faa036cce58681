import { type DomainError, notFound } from '../../domain/errors.js';
import { drainWorker, undrainWorker } from '../../store/statements/drains.js';
import { workerById } from '../../store/statements/workers.js';
import type { Caller } from '../caller.js';
import type { BatchContext, EngineContext } from '../context.js';
import { type DrainState, type DrainView, drainViewOf } from '../memory/drains.js';
import type { Operation } from '../writer/writer.js';
import type { DrainKeeper } from './drain-keeper.js';

interface NamedWorker {
  readonly caller: Caller;
  readonly workerId: string;
}

export interface DrainWorker extends NamedWorker {
  /** Whether the worker should exit when it runs no job. */
  readonly stop: boolean;
  /** Why, for people; may be empty. */
  readonly reason: string;
}

/** Drains workers, and undoes it. */
export function drainVerbs(context: EngineContext, keeper: DrainKeeper) {
  const drain = drainOperation(context);
  const undrain = undrainOperation(context);
  return {
    /**
     * The worker gets no job until the drain is undone. A drain with the same `stop` changes nothing; one with another
     * `stop` replaces it. Errors: `not_found`.
     */
    drainWorker: (input: DrainWorker): Promise<DrainView> => context.writer.submit(drain, input),

    /** Does nothing when the worker is not draining. Errors: `not_found`. */
    async undrainWorker(input: NamedWorker): Promise<void> {
      await context.writer.submit(undrain, input);
      await keeper.serve();
    },

    drainOf: (workerId: string): DrainState | null => context.drains.of(workerId),
  };
}

function drainOperation(context: BatchContext): Operation<DrainWorker, DrainView> {
  return {
    name: 'drain-worker',
    keyOf: ({ workerId }) => workerId,
    async apply(batch, inputs) {
      const answers: (DrainView | DomainError)[] = [];
      for (const { caller, workerId, stop, reason } of inputs) {
        const changed = await drainWorker.run(batch.connection, {
          id: workerId,
          drained_at_ms: batch.nowMs,
          drained_by: caller.credential,
          drain_reason: reason,
          drain_stop: stop ? 1 : 0,
        });
        const [row] = await workerById.run(batch.connection, { id: workerId });
        const view = row === undefined ? null : drainViewOf(row);
        answers.push(view ?? noSuchWorker(workerId));
        if (changed.length === 0) continue;
        batch.changes.audits.push({
          action: 'worker.drained',
          subject: workerId,
          source: 'api',
          actor: caller.credential,
          data: { stop, ...(reason === '' ? {} : { reason }) },
        });
        context.drains.notifyChange(batch.connection);
        batch.afterCommit.push(() => context.drains.changed(workerId, { stop }));
      }
      return answers;
    },
  };
}

function undrainOperation(context: BatchContext): Operation<NamedWorker, void> {
  return {
    name: 'undrain-worker',
    keyOf: ({ workerId }) => workerId,
    async apply(batch, inputs) {
      const answers: (DomainError | undefined)[] = [];
      for (const { caller, workerId } of inputs) {
        const changed = await undrainWorker.run(batch.connection, { id: workerId });
        if (changed.length === 0) {
          const [row] = await workerById.run(batch.connection, { id: workerId });
          answers.push(row === undefined ? noSuchWorker(workerId) : undefined);
          continue;
        }
        answers.push(undefined);
        batch.changes.audits.push({
          action: 'worker.undrained',
          subject: workerId,
          source: 'api',
          actor: caller.credential,
          data: {},
        });
        context.drains.notifyChange(batch.connection);
        batch.afterCommit.push(() => context.drains.changed(workerId, null));
      }
      return answers;
    },
  };
}

function noSuchWorker(workerId: string): DomainError {
  return notFound(`worker ${JSON.stringify(workerId)}`);
}
