import { LRUCache } from 'lru-cache';

/** Age of a worker's stored sign of life from which a claim or heartbeat writes a new one. */
const writeEveryMs = 5_000;

/** When each worker's sign of life was last written, so that a busy worker does not cost a write for each call. */
export class WorkersSeen {
  readonly #writtenAt = new LRUCache<string, number>({ max: 50_000 });

  /**
   * Whether this sign of life must be written. One of another token always is: the write checks which token the worker
   * belongs to.
   */
  isDue(workerId: string, credential: string | null, nowMs: number): boolean {
    return nowMs - (this.#writtenAt.get(keyOf(workerId, credential)) ?? 0) >= writeEveryMs;
  }

  wrote(workerId: string, credential: string | null, nowMs: number): void {
    this.#writtenAt.set(keyOf(workerId, credential), nowMs);
  }
}

function keyOf(workerId: string, credential: string | null): string {
  return credential === null ? workerId : `${credential}/${workerId}`;
}

/** After this long without a sign of life a worker counts as offline. It covers a long poll and a missed heartbeat. */
export const offlineAfterMs = 90_000;
