import type { Log } from '../telemetry/log.js';

/** How long what is refused is counted before it is told again: whoever tries tokens must not fill the log. */
const quietMs = 10_000;

/** Tells in the log of calls whose token does not count: the first at once, then how many there were since. */
export class RefusedTokens {
  readonly #log: Log;
  #untold = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(log: Log) {
    this.#log = log;
  }

  /** `nowMs` is of any clock that only goes forward. */
  note(call: { readonly remoteAddress: string; readonly requestId: string }, nowMs: number): void {
    this.#untold++;
    if (nowMs - this.#toldAtMs < quietMs) return;
    this.#log.warn(
      { audit: 'token.refused', remote_address: call.remoteAddress, request_id: call.requestId, calls: this.#untold },
      'audit: token.refused',
    );
    this.#untold = 0;
    this.#toldAtMs = nowMs;
  }
}
