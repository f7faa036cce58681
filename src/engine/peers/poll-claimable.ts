import { Loop } from '../../environment/loop.js';
import type { EngineContext } from '../context.js';
import type { PeerMessages } from './peer-messages.js';

/** How soon to poll again, in milliseconds, after another server held the wanted jobs. */
const soonMs = 10;

/** Longest that a lost notification can delay a worker. */
const everyMs = 1_000;

/**
 * Where several servers share the database: polls once a second for claimable jobs while a claim waits, because a
 * notification may have been lost. An idle server sends no query.
 */
export class PollClaimable {
  readonly #context: EngineContext;
  readonly #messages: PeerMessages;
  readonly #somebodyWaits: () => boolean;
  readonly #onClaimable: (sets: readonly number[]) => void;
  readonly #loop: Loop;

  constructor(
    context: EngineContext,
    messages: PeerMessages,
    somebodyWaits: () => boolean,
    onClaimable: (sets: readonly number[]) => void,
  ) {
    this.#context = context;
    this.#messages = messages;
    this.#somebodyWaits = somebodyWaits;
    this.#onClaimable = onClaimable;
    this.#loop = new Loop({
      name: 'polling for claimable jobs',
      environment: context.environment,
      log: context.log,
      delayMs: () => everyMs,
      runOnce: () => this.#look(),
    });
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Polls again in a moment. */
  lookSoon(): void {
    if (this.#somebodyWaits()) this.#loop.runBy(this.#context.environment.now() + soonMs);
  }

  async #look(): Promise<undefined> {
    const { labelSets, store, log } = this.#context;
    try {
      this.#messages.repeatWants();
      const asked = labelSets.wasAskedInVain();
      if (!asked && !this.#somebodyWaits()) return undefined;
      await labelSets.loadNew(store.read);
      this.#onClaimable(await labelSets.lookForClaimable(store.read));
    } catch (error) {
      log.warn({ err: error }, 'could not poll for claimable jobs; retrying in 1 s');
    }
    return undefined;
  }
}
