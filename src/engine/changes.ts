import type { EngineContext } from './context.js';

/** How often a listener looks by itself, should a signal be missed. */
const lookEveryMs = 1_000;

/** Waits for the next signal of a topic since `expect`, so that none between a look and the wait is lost. */
export class Changes {
  readonly #context: EngineContext;
  readonly #unlisten: () => void;
  readonly #signal: AbortSignal;
  readonly #wake = () => {
    this.#happened = true;
    this.#resolve();
  };
  #happened = false;
  #resolve: () => void = () => {};

  constructor(context: EngineContext, topic: string, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
    this.#unlisten = context.topics.listen(topic, this.#wake);
    signal.addEventListener('abort', this.#wake, { once: true });
  }

  /** From here on a signal counts. */
  expect(): void {
    this.#happened = this.#signal.aborted;
  }

  async next(): Promise<void> {
    if (this.#happened) return;
    const changed = new Promise<void>((resolve) => {
      this.#resolve = resolve;
    });
    const cancelTimer = this.#context.environment.after(lookEveryMs, this.#resolve);
    await changed;
    cancelTimer();
  }

  stop(): void {
    this.#unlisten();
    this.#signal.removeEventListener('abort', this.#wake);
  }
}
