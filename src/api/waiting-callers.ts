import type { TokenDirectory } from './principal.js';

/** How often is asked who may still wait. */
const askEveryMs = 1_000;

/** Somebody who was admitted, and has an answer open since. */
export interface WaitingCaller {
  readonly tokenId: string | null;
  /** Called once a second from the time on at which it does not stand any more who he is. */
  doubt(): void;
}

/**
 * All whose claim waits or whose stream is open. Tokens are revoked and expire meanwhile, and a server that needed none
 * gets its first one, so it is asked once a second of all of them together: one look at the tokens, one timer, and for
 * each who waits one look into memory.
 */
export class WaitingCallers {
  readonly #tokens: TokenDirectory;
  readonly #waiting = new Set<WaitingCaller>();
  #timer: NodeJS.Timeout | null = null;
  #isLooking = false;

  constructor(tokens: TokenDirectory) {
    this.#tokens = tokens;
  }

  join(caller: WaitingCaller): void {
    this.#waiting.add(caller);
    this.#timer ??= setInterval(() => this.#ask(), askEveryMs).unref();
  }

  leave(caller: WaitingCaller): void {
    this.#waiting.delete(caller);
  }

  /** While the database cannot be read, what was known last decides: an expiry is met in time all the same. */
  #ask(): void {
    if (this.#waiting.size === 0) {
      if (this.#timer !== null) clearInterval(this.#timer);
      this.#timer = null;
    } else if (this.#isLooking) {
      this.#askAll();
    } else {
      this.#isLooking = true;
      this.#tokens
        .refresh()
        .catch(() => {})
        .finally(() => {
          this.#isLooking = false;
          this.#askAll();
        });
    }
  }

  #askAll(): void {
    for (const caller of this.#waiting) if (!this.#tokens.stands(caller.tokenId)) caller.doubt();
  }
}
