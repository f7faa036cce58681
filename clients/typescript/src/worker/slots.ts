/** The slots of a worker: how many jobs can run at once, and the running ones. */
export class Slots<Running> {
  readonly #count: number;
  readonly #running = new Map<Running, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  readonly #freedListeners = new Set<() => void>();

  constructor(count: number) {
    this.#count = count;
  }

  get freeCount(): number {
    return Math.max(0, this.#count - this.#running.size);
  }

  get running(): readonly Running[] {
    return [...this.#running.keys()];
  }

  /** Holds a slot until the work is done. The work must not throw. */
  fill(running: Running, work: Promise<void>): void {
    const done = work.finally(() => {
      this.#running.delete(running);
      for (const resolve of this.#waiting.splice(0)) resolve();
      for (const listener of this.#freedListeners) listener();
    });
    this.#running.set(running, done);
  }

  /** Resolves when a slot is free. */
  async free(): Promise<void> {
    while (this.#running.size >= this.#count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Registers a callback for the end of each job; returns its removal. */
  onFreed(listener: () => void): () => void {
    this.#freedListeners.add(listener);
    return () => this.#freedListeners.delete(listener);
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }
}
