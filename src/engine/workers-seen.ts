import { LRUCache } from 'lru-cache';

/** How old a worker's stored sign of life may be before a claim or heartbeat writes a new one. */
const writeEveryMs = 5_000;

/** When each worker's sign of life was last written, so that a busy worker does not cost a row at each call. */
export class WorkersSeen {
  readonly #writtenAt = new LRUCache<string, number>({ max: 50_000 });

  /** Whether this sign of life is worth writing down. */
  isDue(workerId: string, nowMs: number): boolean {
    return nowMs - (this.#writtenAt.get(workerId) ?? 0) >= writeEveryMs;
  }

  wrote(workerId: string, nowMs: number): void {
    this.#writtenAt.set(workerId, nowMs);
  }
}

/** After this long without a sign of life a worker counts as offline. It covers a long poll and a missed heartbeat. */
export const offlineAfterMs = 90_000;
