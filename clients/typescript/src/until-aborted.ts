/**
 * Fulfilled with what the promise gives, or with undefined as soon as the signal is aborted. Unlike a race with one
 * promise of the abort, it leaves nothing behind, however often it waits under the same signal.
 */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const aborted = () => resolve(undefined);
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
