import type { SimDatabase } from '../sim-database.js';

/** At which gate each held job waits, as it is committed: a job passes several, and no event says at which one it is. */
export class HeldJobs {
  readonly #database: SimDatabase;
  #keys: ReadonlyMap<number, string> | null = null;

  constructor(database: SimDatabase) {
    this.#database = database;
  }

  /** What was read is old. */
  afterCommit(): void {
    this.#keys = null;
  }

  /** The key of the gate; empty for a job that is held at none. */
  gateOf(jobId: number): string {
    this.#keys ??= new Map(
      this.#database
        .rows<{ id: number; key: string }>(
          "select j.id, g.key from jobs as j join gates as g on g.no = j.gate where j.state = 'held'",
        )
        .map(({ id, key }) => [id, key]),
    );
    return this.#keys.get(jobId) ?? '';
  }
}
