import type { EngineContext } from '../context.js';

/** Interval at which a listener polls, in case a signal is lost. */
const lookEveryMs = 1_000;

/** Waits for the next signal of a topic since `expect`, so that no signal between a read and the wait is lost. */
export class TopicWaiter {
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

  /** Signals count from here on. */
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
