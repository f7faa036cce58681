import type { EngineContext } from '../context.js';
import type { LeftWork } from '../take-up-work.js';

const everyMs = 10_000;

/**
 * Takes up, now and then, what was left half done: by a server that is gone, where several share the database, or because
 * a transaction failed in the midst of it, as on a full disk.
 */
export class LeftWorkLoop {
  readonly #context: EngineContext;
  readonly #leftWork: LeftWork;
  #cancelTimer: () => void = () => {};
  #running: Promise<void> = Promise.resolve();
  #stopped = true;

  constructor(context: EngineContext, leftWork: LeftWork) {
    this.#context = context;
    this.#leftWork = leftWork;
  }

  start(): void {
    this.#stopped = false;
    this.#sleep();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#running;
  }

  async runOnce(): Promise<void> {
    try {
      await this.#leftWork.takeUp();
    } catch (error) {
      this.#context.log.warn({ err: error }, 'taking up left work failed; trying again soon');
    }
  }

  #sleep(): void {
    // Half as long again at the most, so that servers that started together do not look together.
    const delayMs = everyMs * (1 + this.#context.environment.random() / 2);
    this.#cancelTimer = this.#context.environment.after(delayMs, () => {
      this.#running = this.runOnce().then(() => {
        if (!this.#stopped) this.#sleep();
      });
    });
  }
}
