/** The claimable jobs that require the same labels. */
export interface QueuedLabelSet {
  readonly label_set: number;
  readonly labels: readonly string[];
  readonly waiting: number;
  /** When the one that has waited longest became claimable. */
  readonly oldest_at_ms: number;
  /** Live workers that take these jobs, and their free slots. */
  readonly matching_workers: number;
  readonly free_slots: number;
  /** Why they wait, a sentence for people. */
  readonly message: string;
  readonly no_matching_worker: boolean;
}

/** What waits for a worker. */
export interface Queue {
  readonly at_ms: number;
  readonly label_sets: readonly QueuedLabelSet[];
  readonly waiting: number;
}
