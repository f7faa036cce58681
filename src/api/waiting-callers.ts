import type { TokenDirectory } from './principal.js';

/** Interval at which waiting callers are checked. */
const askEveryMs = 1_000;

/** An authorized caller with an open answer. */
export interface WaitingCaller {
  readonly tokenId: string | null;
  /** The id of its browser's session, when it has one. */
  readonly session?: string | undefined;
  /** Called once a second from the time on at which the caller may no longer be valid. */
  doubt(): void;
}

/**
 * The callers with a waiting claim or an open stream. While they wait, tokens are revoked and expire, and a server that
 * needed none may get its first one. So all of them are checked together once a second: one query of the tokens, one
 * timer, and for each caller one lookup in memory.
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

  /** While the database cannot be read, the last known state decides: expiries still take effect in time. */
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
    for (const caller of this.#waiting) if (!this.#tokens.isStillValid(caller.tokenId, caller.session)) caller.doubt();
  }
}
