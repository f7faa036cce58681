import { Loop } from '../../environment/loop.js';
import type { EngineContext } from '../context.js';
import type { InterruptedWork } from '../runs/resume-interrupted.js';

const everyMs = 10_000;

/**
 * Resumes interrupted work at intervals: of a server that is gone, where several share the database, or of a
 * transaction that failed midway, for example on a full disk.
 */
export function interruptedWorkLoop({ environment, log }: EngineContext, interruptedWork: InterruptedWork): Loop {
  return new Loop({
    name: 'interrupted work',
    environment,
    log,
    // At most half as long again, so that servers that started together do not look together.
    delayMs: () => everyMs * (1 + environment.random() / 2),
    async runOnce() {
      try {
        await interruptedWork.resume();
      } catch (error) {
        log.warn({ err: error }, 'could not resume interrupted work; retrying');
      }
      return undefined;
    },
  });
}
