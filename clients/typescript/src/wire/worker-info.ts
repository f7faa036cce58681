/** A worker as the server sees it. */
export interface WorkerInfo {
  readonly worker_id: string;
  readonly labels: readonly string[];
  /** Whether it takes only jobs that require a label; absent from older servers. */
  readonly only_labelled?: boolean;
  readonly registered_at_ms: number;
  readonly last_heartbeat_ms: number;
  readonly current_job: string | null;
  readonly status: 'idle' | 'busy' | 'offline';
  readonly current_workflow_id?: string | null;
  readonly running?: number;
  readonly slots?: number;
  readonly version?: string;
  /** Null unless it is draining; absent from older servers. */
  readonly drain?: WorkerDrain | null;
}

/** The drain of a worker: it gets no jobs. */
export interface WorkerDrain {
  readonly since_ms: number;
  /** The name of the token that drained it; null when the server ran without tokens. */
  readonly by: string | null;
  /** Why, for people; may be empty. */
  readonly reason: string;
  /** Whether the worker exits when it runs no job. */
  readonly stop: boolean;
}
