import { notFound } from '../domain/errors.js';
import { labelsKey } from '../domain/labels.js';
import { registerWorkers, touchWorkers } from '../store/statements/workers.js';
import type { EngineContext, Knowledge } from './context.js';
import type { RegisterWorker } from './engine.js';
import type { Operation } from './writer.js';

/** Workers make themselves known and say that they are alive. */
export function workerVerbs(context: EngineContext) {
  const register = registerOperation(context);
  const heartbeat = heartbeatOperation(context);
  return {
    registerWorker: (input: RegisterWorker): Promise<void> => context.writer.submit(register, input),
    /** Errors: `not_found` for a worker that never registered. */
    heartbeatWorker: (workerId: string): Promise<void> => context.writer.submit(heartbeat, workerId),
  };
}

function registerOperation(knowledge: Knowledge): Operation<RegisterWorker, void> {
  return {
    name: 'register-worker',
    rank: 1,
    keyOf: ({ workerId }) => workerId,
    async apply(batch, inputs) {
      await registerWorkers.run(batch.connection, {
        rows: inputs.map((input) => [
          input.workerId,
          labelsKey(input.labels),
          Math.max(1, input.slots),
          input.version,
          batch.nowMs,
          batch.nowMs,
        ]),
      });
      batch.afterCommit.push(() => {
        for (const { workerId } of inputs) knowledge.workersSeen.wrote(workerId, batch.nowMs);
      });
      return inputs.map(() => undefined);
    },
  };
}

function heartbeatOperation(knowledge: Knowledge): Operation<string, void> {
  return {
    name: 'heartbeat-worker',
    rank: 2,
    keyOf: (workerId) => workerId,
    async apply(batch, workerIds) {
      const rows = [...workerIds].sort().map((workerId) => [workerId, batch.nowMs]);
      const known = new Set((await touchWorkers.run(batch.connection, { rows })).map(({ id }) => id));
      return workerIds.map((workerId) => {
        if (!known.has(workerId)) return notFound(`worker ${JSON.stringify(workerId)}`);
        batch.afterCommit.push(() => knowledge.workersSeen.wrote(workerId, batch.nowMs));
        return undefined;
      });
    },
  };
}
