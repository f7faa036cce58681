/** The server gives this worker no jobs. */
export interface Drain {
  /** Whether the worker should end when it runs no job. */
  readonly stop: boolean;
}
