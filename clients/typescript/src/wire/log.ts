export type LogStreamName = 'stdout' | 'stderr';

/** A piece of a job's output. */
export interface LogChunk {
  /** The id of the run. */
  readonly workflow_id: string;
  readonly job_id: string;
  /** Orders the chunks of one attempt over both streams, from 0. */
  readonly sequence: number;
  readonly data: string;
  /** The worker's clock. */
  readonly timestamp_ms: number;
  readonly stream: LogStreamName;
  /** The attempt that wrote it; set by the server. */
  readonly attempt?: number;
  /**
   * Set by the server on the chunk that marks the missing middle of a log over the limit: the number of missing bytes.
   */
  readonly missing_bytes?: number | null;
  /** Set on a line that the server wrote itself, such as that the attempt timed out: 1, 2 or 3. It counts as stderr. */
  readonly system_line?: number | null;
}
