/**
 * Who wants to hear that something changed, by name: a job's log and state, a lease that was lost or cancelled, the
 * events. A signal carries nothing: the listener reads what is stored.
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

  /** Signals every topic: something may have been missed. */
  signalAll(): void {
    for (const topic of this.listened()) this.signal(topic);
  }

  /** The topics that somebody listens to. */
  listened(): string[] {
    return [...this.#listeners.keys()];
  }

  /** Calls back when a topic that nobody listened to gets a listener. */
  onFirstListener(callback: (topic: string) => void): void {
    this.#onFirstListener = callback;
  }

  /** Whether anyone listens, so that a busy path need not make the topic's name in vain. */
  get idle(): boolean {
    return this.#listeners.size === 0;
  }
}

/** Signalled at each commit that wrote events. */
export const eventsTopic = 'events';

/** Signalled when the lease on a job ends otherwise than by its holder's report. */
export function leaseTopic(job: number): string {
  return `lease/${job}`;
}

export function isLeaseTopic(topic: string): boolean {
  return topic.startsWith('lease/');
}

/** Signalled when a job's log grew, or the job left its state. */
export function jobTopic(job: number): string {
  return `job/${job}`;
}
