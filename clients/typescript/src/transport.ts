import type { Claim, LogChunk, Outputs } from './wire.js';

/** What a worker asks of a server, whatever carries it. Each call may be repeated when its answer was lost. */
export interface Transport {
  /** For messages: the server's address. */
  readonly serverUrl: string;

  /** Makes the worker known, or replaces its labels. */
  register(worker: WorkerDescription): Promise<void>;

  /** Waits for a job and claims it; null when there was none within `waitSecs`. An abort gives up the wait. */
  claim(request: ClaimRequest, signal: AbortSignal): Promise<Claim | null>;

  /** Stores pieces of a job's output; resolves when they are durable. */
  pushLogs(leaseId: string, chunks: readonly LogChunk[]): Promise<void>;

  complete(leaseId: string, outputs: Outputs): Promise<void>;
  fail(leaseId: string, failure: FailureReport): Promise<void>;

  /** Gives a job back unrun. */
  release(leaseId: string): Promise<void>;

  /** Ends the connections. */
  close(): void;
}

export interface WorkerDescription {
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly slots: number;
  readonly version: string;
}

export interface ClaimRequest {
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly leaseTtlSecs: number;
  readonly waitSecs: number;
  /** The same id gets the same job while its lease lives. */
  readonly requestId: string;
}

export interface FailureReport {
  /** What went wrong, for people. */
  readonly error: string;
  readonly retryable: boolean;
}
