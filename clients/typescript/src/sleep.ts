import { setTimeout as sleepMs } from 'node:timers/promises';

/** Waits; an abort ends the wait early and is not an error. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleepMs(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
