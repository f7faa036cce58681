import type { Operation } from './operations.js';

/** One thing that goes wrong between a worker and the server. */
export interface Fault {
  readonly of: Operation;
  /**
   * `request`: the connection breaks before the server has it. `answer`: it breaks after the server has done it, and before
   * the worker hears of it. `unavailable`: the worker is told to try later, and the server hears nothing. `not_found`: it
   * is told that there is nothing here, as by a gateway that has lost its way; over plain HTTP only.
   */
  readonly at: 'request' | 'answer' | 'unavailable' | 'not_found';
  /** So often; once when absent. */
  readonly times?: number;
  /** So much of the answer still comes through. */
  readonly after_bytes?: number;
}

/** The faults that are to come. */
export class Faults {
  /** How often a fault has struck. */
  struck = 0;
  #pending: { fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#pending.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#pending = [];
  }

  /** The fault that strikes now, if there is one; it is used up by this. */
  take(operation: Operation, ...at: readonly Fault['at'][]): Fault | null {
    const entry = this.#pending.find(({ fault, left }) => left > 0 && fault.of === operation && at.includes(fault.at));
    if (entry === undefined) return null;
    entry.left -= 1;
    this.struck += 1;
    return entry.fault;
  }
}
