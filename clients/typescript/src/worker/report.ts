import { isTemporary, isUnauthorised, type WorkflowGraphError } from '../errors.js';
import { sleep } from '../sleep.js';
import { Backoff } from './backoff.js';
import type { ServerPresence } from './presence.js';

/** What became of a result that was to be reported. */
export type ReportOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly error: WorkflowGraphError }
  | { readonly kind: 'given-up'; readonly afterMs: number };

/** A restarted server gives each lease a full time to live, so a result stays worth reporting long after the lease's own end. */
const KEEP_RESULT_MS_MIN = 10 * 60_000;

/** For how long a result that cannot be reported is kept. */
export function keepResultMs(ttlMs: number): number {
  return Math.max(2 * ttlMs, KEEP_RESULT_MS_MIN);
}

/**
 * Sends a result until the server takes it or refuses it, or the time is up. A server that refuses the worker itself, such as
 * for a token that was revoked, is asked again for the lease's time to live: nothing can renew it meanwhile.
 */
export async function reportUntilSettled(
  send: () => Promise<void>,
  presence: ServerPresence,
  ttlMs: number,
): Promise<ReportOutcome> {
  const keepMs = keepResultMs(ttlMs);
  const backoff = new Backoff();
  const startedAt = performance.now();
  while (true) {
    try {
      await send();
      presence.back();
      return { kind: 'accepted' };
    } catch (error) {
      const isRefused = isUnauthorised(error) ? performance.now() - startedAt >= ttlMs : !isTemporary(error);
      if (isRefused) return { kind: 'refused', error: error as WorkflowGraphError };
      presence.away(error);
    }
    const afterMs = performance.now() - startedAt;
    if (afterMs >= keepMs) return { kind: 'given-up', afterMs };
    await sleep(backoff.nextMs());
  }
}
