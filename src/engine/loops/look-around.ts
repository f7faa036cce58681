import type { EngineContext } from '../context.js';
import type { OtherServers } from '../other-servers.js';

/** How long a lost message of another server can keep a worker waiting. */
const everyMs = 1_000;

/**
 * Where several servers share the database: looks once a second for claimable jobs while somebody waits for one, since
 * the message that told of them may have been lost. An idle server asks nothing.
 */
export class LookAround {
  readonly #context: EngineContext;
  readonly #others: OtherServers;
  readonly #somebodyWaits: () => boolean;
  readonly #onClaimable: (sets: readonly number[]) => void;
  #cancelTimer: () => void = () => {};
  #running: Promise<void> = Promise.resolve();
  #stopped = true;

  constructor(
    context: EngineContext,
    others: OtherServers,
    somebodyWaits: () => boolean,
    onClaimable: (sets: readonly number[]) => void,
  ) {
    this.#context = context;
    this.#others = others;
    this.#somebodyWaits = somebodyWaits;
    this.#onClaimable = onClaimable;
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

  /** Looks now. */
  async runOnce(): Promise<void> {
    const { labelSets, store, log } = this.#context;
    try {
      this.#others.repeatWants();
      const asked = labelSets.wasAskedInVain();
      if (!asked && !this.#somebodyWaits()) return;
      await labelSets.loadNew(store.read);
      this.#onClaimable(await labelSets.lookForClaimable(store.read));
    } catch (error) {
      log.warn({ err: error }, 'looking for claimable jobs failed; trying again in a second');
    }
  }

  #sleep(): void {
    this.#cancelTimer = this.#context.environment.after(everyMs, () => {
      this.#running = this.runOnce().then(() => {
        if (!this.#stopped) this.#sleep();
      });
    });
  }
}
