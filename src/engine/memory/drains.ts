import type { DrainFact } from '../../domain/why-facts.js';
import type { Connection } from '../../store/connection.js';
import { drainingWorkers } from '../../store/statements/drains.js';
import type { WorkerRow } from '../../store/statements/workers.js';

/** What a draining worker is told. */
export interface DrainState {
  /** Whether it should exit when it runs no job. */
  readonly stop: boolean;
}

/** The drain of a worker, for readers. */
export type DrainView = DrainFact & DrainState;

/**
 * The draining workers, as the database had them at the last look. A server without drains runs no statement for them.
 * A change of this server is known before its next batch; that of another arrives with its notification.
 */
export class Drains {
  #states: ReadonlyMap<string, DrainState> = new Map();
  /** Counts the changes of this server: a read that began before one is stale. */
  #changes = 0;
  readonly #listeners = new Map<string, Set<(drain: DrainState | null) => void>>();
  #onChange: (connection: Connection) => void = () => {};

  /** Reads the draining workers. Returns whether one is not draining any more. */
  async load(connection: Connection): Promise<boolean> {
    for (;;) {
      const changes = this.#changes;
      const rows = await drainingWorkers.run(connection, {});
      if (changes !== this.#changes) continue;
      return this.#take(new Map(rows.map(({ id, drain_stop }) => [id, { stop: drain_stop === 1 }])));
    }
  }

  /** The drain of a worker; null when it is not draining. */
  of(workerId: string): DrainState | null {
    return this.#states.get(workerId) ?? null;
  }

  /** Called after the commit of a change by this server. */
  changed(workerId: string, drain: DrainState | null): void {
    this.#changes += 1;
    const states = new Map(this.#states);
    if (drain === null) states.delete(workerId);
    else states.set(workerId, drain);
    this.#take(states);
  }

  /** Calls back with the drain of a worker when it changes, until the returned function is called. */
  listen(workerId: string, callback: (drain: DrainState | null) => void): () => void {
    const listeners = this.#listeners.get(workerId) ?? new Set();
    this.#listeners.set(workerId, listeners);
    listeners.add(callback);
    return () => {
      listeners.delete(callback);
      if (listeners.size === 0 && this.#listeners.get(workerId) === listeners) this.#listeners.delete(workerId);
    };
  }

  /** Called in the transaction that begins or ends a drain. */
  notifyChange(connection: Connection): void {
    this.#onChange(connection);
  }

  onChange(callback: (connection: Connection) => void): void {
    this.#onChange = callback;
  }

  #take(states: ReadonlyMap<string, DrainState>): boolean {
    const before = this.#states;
    this.#states = states;
    let hasEnded = false;
    for (const id of new Set([...before.keys(), ...states.keys()])) {
      const now = this.of(id);
      if (now === null) hasEnded = true;
      if (now?.stop === before.get(id)?.stop) continue;
      for (const callback of [...(this.#listeners.get(id) ?? [])]) callback(now);
    }
    return hasEnded;
  }
}

/** The drain in the row of a worker; null when it is not draining. */
export function drainViewOf(row: WorkerRow): DrainView | null {
  if (row.drained_at_ms === null) return null;
  const { drained_at_ms: sinceMs, drained_by_name: by, drain_reason: reason, drain_stop: stop } = row;
  return { sinceMs, by, reason: reason ?? '', stop: stop === 1 };
}
