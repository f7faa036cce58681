import type { Patience } from '../../src/engine/engine.js';

/** Waits until the signal, as an edge does whose caller hangs up. */
export function untilAborted(signal: AbortSignal): Patience {
  return (giveUp) => {
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    return () => signal.removeEventListener('abort', giveUp);
  };
}
