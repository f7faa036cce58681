/** A run or a job that has a place in a concurrency group, or waits for one. */
export interface RunAtGate {
  readonly run_id: string;
  readonly workflow: string;
  /** Since when it has its place, or waits for it. */
  readonly since_ms: number;
  /** The job of the run; empty in a group of runs. */
  readonly job_id: string;
}

/** A concurrency group in use. */
export interface Gate {
  readonly kind: 'runs' | 'jobs';
  readonly group: string;
  /** How many have a place. */
  readonly in_use: number;
  /** The first ten that have a place, the oldest first. */
  readonly holders: readonly RunAtGate[];
  /** The first ten that wait, in order. */
  readonly waiting: readonly RunAtGate[];
  /** How many wait. */
  readonly waiting_total: number;
}

export interface GatePage {
  readonly gates: readonly Gate[];
  /** Empty on the last page. */
  readonly next_page_token: string;
}
