import type { Patience } from '../../src/engine/engine.js';

/** Waits until the signal aborts, like an edge whose caller hangs up. */
export function untilAborted(signal: AbortSignal): Patience {
  return (giveUp) => {
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    return () => signal.removeEventListener('abort', giveUp);
  };
}
