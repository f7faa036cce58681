import type { Drain } from './drain.js';
import type { Stop } from './stop.js';
import type { Claim, LogChunk, Outputs } from './wire.js';
import type { ServerPresence } from './worker/presence.js';

/** What a worker asks of a server, whatever carries it. Each call may be repeated when its answer was lost. */
export interface Transport {
  /** Makes the worker known, or replaces its labels. */
  register(worker: WorkerDescription): Promise<void>;

  /**
   * Takes jobs while there are free slots, until the intake's signal. Throws when the server refuses the worker. What runs
   * by then can still be reported.
   */
  takeJobs(intake: Intake): Promise<void>;

  /** Stores pieces of a job's output; resolves when they are durable. */
  pushLogs(leaseId: string, chunks: readonly LogChunk[]): Promise<void>;

  complete(leaseId: string, outputs: Outputs): Promise<void>;
  fail(leaseId: string, failure: FailureReport): Promise<void>;

  /** Returns a job unrun: another worker can have it at once, and it costs no attempt. */
  release(leaseId: string): Promise<void>;

  /** Ends the connections. */
  close(): void;
}

/** Where jobs go. */
export interface Intake {
  readonly worker: WorkerDescription;
  readonly leaseTtlSecs: number;
  /** How long a claim waits at the server, in seconds, where jobs are claimed and not pushed. */
  readonly waitSecs: number;
  readonly slots: SlotCount;
  readonly presence: ServerPresence;
  start(claim: Claim): void;
  /** The server requests to stop the job. */
  stop(leaseId: string, stop: Stop): void;
  /** The server reports that the lease is gone. */
  lost(leaseId: string): void;
  /** The server drains the worker, or its drain was undone: null. */
  drain(drain: Drain | null): void;
  /** Makes the worker known again. Throws when the server refuses it. */
  register(): Promise<void>;
  /** Ends the taking. */
  readonly signal: AbortSignal;
}

/** How many more jobs may run. */
interface SlotCount {
  readonly freeCount: number;
  /** Resolves when a slot is free. */
  free(): Promise<void>;
  /** Is called after each end of a job; the answer ends that. */
  onFreed(listener: () => void): () => void;
}

export interface WorkerDescription {
  readonly workerId: string;
  readonly labels: readonly string[];
  /** It takes only jobs that require a label. */
  readonly onlyLabelled: boolean;
  readonly slots: number;
  readonly version: string;
}

export interface FailureReport {
  /** What went wrong, for people. */
  readonly error: string;
  readonly retryable: boolean;
  /** Of the command, from 0 to 255, when that is why it failed. */
  readonly exit_code?: number;
}
