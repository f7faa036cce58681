import type { Log } from '../telemetry/log.js';

/** Interval of the log line: a caller that tries tokens must not fill the log. */
const quietMs = 10_000;

/** Logs calls with invalid tokens: the first at once, then the number since. */
export class RefusedTokens {
  readonly #log: Log;
  #unlogged = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(log: Log) {
    this.#log = log;
  }

  /** `nowMs` comes from any monotonic clock. */
  note(call: { readonly remoteAddress: string; readonly requestId: string }, nowMs: number): void {
    this.#unlogged++;
    if (nowMs - this.#toldAtMs < quietMs) return;
    this.#log.warn(
      { audit: 'token.refused', remote_address: call.remoteAddress, request_id: call.requestId, calls: this.#unlogged },
      'audit: token.refused',
    );
    this.#unlogged = 0;
    this.#toldAtMs = nowMs;
  }
}
