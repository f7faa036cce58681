import type { EngineContext } from '../context.js';

/** Keeps this server's memory of drains current, and lets the claims of a worker go on whose drain is over. */
export class DrainKeeper {
  readonly #context: EngineContext;
  readonly #serve: (sets: readonly number[]) => Promise<void>;
  readonly #underWay = new Set<Promise<void>>();

  /** @param serve serves the claims that wait here with jobs of these label sets */
  constructor(context: EngineContext, serve: (sets: readonly number[]) => Promise<void>) {
    this.#context = context;
    this.#serve = serve;
  }

  /** Reads the drains. */
  async reload(): Promise<void> {
    const { drains, store } = this.#context;
    if (await drains.load(store.read)) await this.serve();
  }

  /** The same, when another server changed them; a failure is logged, and the loop of gates looks again. */
  reloadLater(): void {
    const done = this.reload()
      .catch((err: unknown) => this.#context.log.warn({ err }, 'could not read the drains of workers; retrying'))
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  /** Serves the claims that wait here, after a drain. */
  async serve(): Promise<void> {
    const { labelSets, store } = this.#context;
    await this.#serve(await labelSets.lookForClaimable(store.read));
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
