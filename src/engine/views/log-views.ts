import type { NewLogChunk } from '../leases/push-logs.js';
export interface LogChunkView extends NewLogChunk {
  readonly attempt: number;
  /** Set on the mark of a gap in a trimmed log: the number of missing bytes. */
  readonly missingBytes: number | null;
  /** Set on a system line: its number among those of its position. */
  readonly systemLine: number | null;
}

export interface LogQuery {
  readonly id: string;
  readonly jobKey: string;
  readonly attempt: number | null;
  /** Null for no limit. */
  readonly limit: number | null;
  /** `attempt.sequence.stream`, such as `0.17.stdout`, of the last chunk that the reader has; empty for all. */
  readonly after: string;
  /** Only the last lines of what is stored, and what comes later; null for all. Ignored with `after`. */
  readonly tail: number | null;
}

export interface LogBatch {
  readonly chunks: readonly LogChunkView[];
  readonly position: string;
}
