import { limits, utf8Bytes } from './limits.js';

/** What of some log chunks is stored. */
export interface CappedChunks<C> {
  readonly chunks: readonly C[];
  /** The first chunk that is thrown away, when the log reaches its limit with these; null when it does not. */
  readonly cutAt: C | null;
}

/** The line that ends a log that reached its limit. */
export const logCutMark = `\n… the log is cut here: an attempt's log takes ${limits.logBytesPerAttempt} bytes at the most …\n`;

/** Keeps the log of an attempt within its limit: whole chunks are stored while they fit, and none after the first that does not. */
export function capLog<C extends { readonly data: string }>(
  storedBytes: number,
  chunks: readonly C[],
): CappedChunks<C> {
  let bytes = storedBytes;
  for (const [at, chunk] of chunks.entries()) {
    bytes += utf8Bytes(chunk.data);
    if (bytes > limits.logBytesPerAttempt) {
      return { chunks: chunks.slice(0, at), cutAt: storedBytes > limits.logBytesPerAttempt ? null : chunk };
    }
  }
  return { chunks, cutAt: null };
}
