/**
 * Publish and subscribe by name: a job's log and state, a lease that was lost or cancelled, the events. A signal
 * carries no data: the listener reads what is stored.
 */
export class Topics {
  readonly #listeners = new Map<string, Set<() => void>>();
  #onFirstListener: (topic: string) => void = () => {};

  /** Calls back at each signal until the returned function is called. */
  listen(topic: string, callback: () => void): () => void {
    let listeners = this.#listeners.get(topic);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(topic, listeners);
      this.#onFirstListener(topic);
    }
    listeners.add(callback);
    return () => {
      listeners.delete(callback);
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic);
    };
  }

  signal(topic: string): void {
    const listeners = this.#listeners.get(topic);
    if (listeners !== undefined) for (const callback of [...listeners]) callback();
  }

  /** Signals every topic, because a signal may have been missed. */
  signalAll(): void {
    for (const topic of this.listened()) this.signal(topic);
  }

  /** The topics with listeners. */
  listened(): string[] {
    return [...this.#listeners.keys()];
  }

  /** Calls back when a topic gets its first listener. */
  onFirstListener(callback: (topic: string) => void): void {
    this.#onFirstListener = callback;
  }

  /** Whether nothing listens, so that a busy path can skip building topic names. */
  get idle(): boolean {
    return this.#listeners.size === 0;
  }
}

/** Signalled at each commit that wrote events. */
export const eventsTopic = 'events';

/** Signalled when the lease on a job ends without a report by its holder. */
export function leaseTopic(job: number): string {
  return `lease/${job}`;
}

export function isLeaseTopic(topic: string): boolean {
  return topic.startsWith('lease/');
}

/** Signalled when a job's log grew, or its state changed. */
export function jobTopic(job: number): string {
  return `job/${job}`;
}
