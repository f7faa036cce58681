/** The attempt of an event. */
export interface AttemptIds {
  readonly runId: string;
  readonly workflow: string;
  readonly jobId: string;
  /** From 0. */
  readonly attempt: number;
}

/** Why a running job was stopped. */
export type StopCause = 'cancelled' | 'lost' | 'expired' | 'timeout' | 'stopped';

/** How an attempt ended on this worker. */
export type AttemptOutcome = 'success' | 'failure' | 'cancelled' | 'timed_out' | 'lost';

/** The events of a worker, each sent once. */
export type WorkerEvent =
  | {
      readonly type: 'registered';
      readonly workerId: string;
      readonly serverUrl: string;
      readonly labels: readonly string[];
      readonly slots: number;
    }
  | ({ readonly type: 'job-started' } & AttemptIds)
  | ({
      readonly type: 'job-ended';
      readonly outcome: AttemptOutcome;
      readonly durationMs: number;
      /** The error; null for a success. */
      readonly error: string | null;
      readonly retryable: boolean;
    } & AttemptIds)
  | ({
      readonly type: 'report-refused';
      readonly status: number;
      /** The server's reason, such as `lease_expired`; null without one. */
      readonly reason: string | null;
      readonly message: string;
    } & AttemptIds)
  | ({ readonly type: 'report-given-up'; readonly afterMs: number } & AttemptIds)
  | ({ readonly type: 'logs-dropped'; readonly bytes: number; readonly message: string } & AttemptIds)
  /** The report of a timed-out job arrived after the server's grace period. */
  | ({ readonly type: 'stopped-too-late' } & AttemptIds)
  | ({ readonly type: 'executor-left-behind'; readonly graceMs: number } & AttemptIds)
  | { readonly type: 'server-away'; readonly serverUrl: string; readonly code: string }
  | { readonly type: 'server-back'; readonly serverUrl: string; readonly awayMs: number }
  | { readonly type: 'draining'; readonly running: number; readonly timeoutMs: number }
  | { readonly type: 'stopped' }
  | { readonly type: 'warning'; readonly message: string };

/** Receives a worker's events. It must not throw. */
export type WorkerLogger = (event: WorkerEvent) => void;
