import { Loop } from '../../environment/loop.js';
import type { EngineContext } from '../context.js';
import type { FollowGates } from '../runs/follow-gates.js';

const everyMs = 60_000;

/** Checks once a minute the gates at which runs wait. */
export function lookAtGatesLoop({ environment, log }: EngineContext, following: FollowGates): Loop {
  return new Loop({
    name: 'gates',
    environment,
    log,
    delayMs: () => everyMs * (1 + environment.random() / 2),
    async runOnce() {
      try {
        await following.lookAtGates();
      } catch (error) {
        log.warn({ err: error }, 'could not check gates for waiting runs; retrying');
      }
      return undefined;
    },
  });
}
