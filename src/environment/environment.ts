/** What the engine uses of the outside world, so that a test can replace it. */
export interface Environment {
  /** Unix milliseconds; never goes back while the process lives. */
  now(): number;
  /** At least 0, less than 1. */
  random(): number;
  randomBytes(size: number): Uint8Array;
  /** A UUID of version 7, so that ids sort by time. */
  newId(): string;
  /** Calls back in a later turn of the event loop. */
  nextTurn(callback: () => void): void;
  /** Calls back after a delay; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}
