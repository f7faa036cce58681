/** Which attempt an event is about. */
export interface AttemptIds {
  readonly runId: string;
  readonly workflow: string;
  readonly jobId: string;
  /** From 0. */
  readonly attempt: number;
}

/** Why a running job was ended from outside. */
export type StopCause = 'cancelled' | 'lost' | 'expired' | 'timeout' | 'stopped';

/** How an attempt ended on this worker. `lost` and `cancelled` attempts report nothing. */
export type AttemptOutcome = 'success' | 'failure' | 'cancelled' | 'lost';

/** What a worker has to tell, each once. */
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
      /** Why it did not succeed; null for a success. */
      readonly error: string | null;
      readonly retryable: boolean;
    } & AttemptIds)
  | ({
      readonly type: 'report-refused';
      readonly status: number;
      /** The server's reason, such as `lease_expired`; null when it gave none. */
      readonly reason: string | null;
      readonly message: string;
    } & AttemptIds)
  | ({ readonly type: 'report-given-up'; readonly afterMs: number } & AttemptIds)
  | ({ readonly type: 'logs-dropped'; readonly bytes: number; readonly message: string } & AttemptIds)
  | ({ readonly type: 'executor-left-behind'; readonly graceMs: number } & AttemptIds)
  | { readonly type: 'server-away'; readonly serverUrl: string; readonly code: string }
  | { readonly type: 'server-back'; readonly serverUrl: string; readonly awayMs: number }
  | { readonly type: 'draining'; readonly running: number; readonly timeoutMs: number }
  | { readonly type: 'stopped' }
  | { readonly type: 'warning'; readonly message: string };

/** Takes a worker's events as they happen. It must not throw. */
export type WorkerLogger = (event: WorkerEvent) => void;
