/** What a signal stops. */
export interface Stoppable {
  stop(): Promise<void>;
  terminate(): Promise<void>;
}

/** All that signals stop in this process. They share one listener: a hundred would look like a leak to Node. */
const followers = new Set<Stoppable>();
let signals = 0;

/**
 * The first SIGTERM or SIGINT drains, the second ends the running jobs, the third ends this process and with it the jobs
 * by force. Gives the function that ends this.
 */
export function stopOnSignals(worker: Stoppable): () => void {
  if (followers.size === 0) {
    signals = 0;
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  }
  followers.add(worker);
  return () => {
    followers.delete(worker);
    if (followers.size > 0) return;
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  };
}

function onSignal(): void {
  signals += 1;
  if (signals >= 3) process.exit(130);
  for (const worker of followers) {
    if (signals === 1) void worker.stop();
    else void worker.terminate();
  }
}
