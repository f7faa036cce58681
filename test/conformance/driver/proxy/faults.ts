import type { Operation } from './operations.js';

/** One fault between a worker and the server. */
export interface Fault {
  readonly of: Operation;
  /**
   * `request`: the connection breaks before the server has received the call. `answer`: it breaks after the server has
   * handled it, before the worker receives the response. `unavailable`: the worker gets "try later", and the server
   * receives nothing. `not_found`: the worker gets 404, as from a misconfigured gateway; plain HTTP only.
   */
  readonly at: 'request' | 'answer' | 'unavailable' | 'not_found';
  /** The number of times; once if absent. */
  readonly times?: number;
  /** This many bytes of the response still pass. */
  readonly after_bytes?: number;
}

/** The pending faults. */
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

  /** The fault that strikes now, if any; this call consumes it. */
  take(operation: Operation, ...at: readonly Fault['at'][]): Fault | null {
    const entry = this.#pending.find(({ fault, left }) => left > 0 && fault.of === operation && at.includes(fault.at));
    if (entry === undefined) return null;
    entry.left -= 1;
    this.struck += 1;
    return entry.fault;
  }
}
