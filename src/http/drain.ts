/** Signals the server's stop to everything that waits: long polls answer early, streams end. */
export class Drain {
  readonly #waiting = new Set<AbortController>();
  readonly #controller = new AbortController();

  /** For listeners that live as long as the server. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get begun(): boolean {
    return this.#controller.signal.aborted;
  }

  begin(): void {
    this.#controller.abort();
    for (const controller of this.#waiting) controller.abort();
    this.#waiting.clear();
  }

  /** A controller that aborts with the server, until it is passed to `release`. */
  join(): AbortController {
    const controller = new AbortController();
    if (this.begun) controller.abort();
    else this.#waiting.add(controller);
    return controller;
  }

  release(controller: AbortController): void {
    this.#waiting.delete(controller);
  }
}
