import type { Connection } from '../../store/connection.js';
import { allPauses, type PauseRow } from '../../store/statements/pauses.js';

/**
 * What is paused, as the database had it at the last look. A server without pauses runs no statement for them. Another
 * server's change arrives with its notification.
 */
export class Pauses {
  #labels: ReadonlySet<string> = new Set();
  #workflows: ReadonlySet<number> = new Set();
  /** The gate of each paused run, by the run's number. */
  #runs: ReadonlyMap<number, number> = new Map();
  #onLabels: () => void = () => {};
  #onChange: (connection: Connection) => void = () => {};

  async load(connection: Connection): Promise<void> {
    this.#take(await allPauses.run(connection, {}));
  }

  #take(rows: readonly PauseRow[]): void {
    const labels = new Set(rows.flatMap(({ kind, subject }) => (kind === 'label' ? [subject] : [])));
    const changed = [...labels, ...this.#labels].some((label) => labels.has(label) !== this.#labels.has(label));
    this.#labels = labels;
    this.#workflows = new Set(
      rows.flatMap(({ kind, target }) => (kind === 'workflow' && target !== null ? [target] : [])),
    );
    this.#runs = new Map(
      rows.flatMap(({ kind, target, gate }) =>
        kind === 'run' && target !== null && gate !== null ? [[target, gate] as const] : [],
      ),
    );
    if (changed) this.#onLabels();
  }

  /** Paused labels: no claim gets a job that requires one. */
  get labels(): ReadonlySet<string> {
    return this.#labels;
  }

  get runs(): ReadonlyMap<number, number> {
    return this.#runs;
  }

  isWorkflowPaused(workflow: number): boolean {
    return this.#workflows.has(workflow);
  }

  get workflowCount(): number {
    return this.#workflows.size;
  }

  /** Called in the transaction that begins or ends a pause. */
  notifyChange(connection: Connection): void {
    this.#onChange(connection);
  }

  onChange(callback: (connection: Connection) => void): void {
    this.#onChange = callback;
  }

  /** Calls back when other labels are paused than before. */
  onLabels(callback: () => void): void {
    this.#onLabels = callback;
  }
}
