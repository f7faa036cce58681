import type { EngineContext } from '../context.js';
import type { Operation } from '../writer/writer.js';
import { yieldToEventLoop } from '../writer/yield-turn.js';

/**
 * Work that is marked in the store and takes many transactions: runs an operation until it finds no more, one
 * transaction at a time. The next search after a crash or a failure continues from the marks.
 */
export class ContinuedWork {
  readonly #context: EngineContext;
  readonly #operation: Operation<null, { readonly more: boolean }>;
  readonly #failure: string;
  /** Whether work was left since the last search began. */
  #isWanted = false;
  #running: Promise<void> | null = null;

  /** @param failure what the log says when a transaction fails */
  constructor(context: EngineContext, operation: Operation<null, { readonly more: boolean }>, failure: string) {
    this.#context = context;
    this.#operation = operation;
    this.#failure = failure;
  }

  /**
   * Resolves when none is left. A search in progress may miss work that was left just now, even by its own transaction,
   * so it searches again.
   */
  resume(): Promise<void> {
    this.#isWanted = true;
    this.#running ??= this.#run()
      .catch((err: unknown) => this.#context.log.error({ err }, this.#failure))
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  /** Resolves when the current search has ended. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false;
      while ((await this.#context.writer.submit(this.#operation, null)).more) await yieldToEventLoop(this.#context);
    }
  }
}
