import { Loop } from '../../environment/loop.js';
import type { EngineContext } from '../context.js';
import type { DrainKeeper } from '../pauses/drain-keeper.js';
import type { PauseKeeper } from '../pauses/pause-keeper.js';
import type { FollowGates } from '../runs/follow-gates.js';

const everyMs = 60_000;

/** Checks once a minute the gates at which runs and jobs wait, what pauses hold, and on a shared database the drains. */
export function lookAtGatesLoop(
  { environment, log }: EngineContext,
  following: FollowGates,
  pauses: PauseKeeper,
  drains: DrainKeeper | null,
): Loop {
  return new Loop({
    name: 'gates',
    environment,
    log,
    delayMs: () => everyMs * (1 + environment.random() / 2),
    async runOnce() {
      try {
        await following.lookAtGates();
        await pauses.look();
        await drains?.reload();
      } catch (error) {
        log.warn({ err: error }, 'could not check gates for what they hold; retrying');
      }
      return undefined;
    },
  });
}
