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

/** Sends a result until the server takes it or refuses it, or the time is up. */
export async function reportUntilSettled(
  send: () => Promise<void>,
  presence: ServerPresence,
  keepMs: number,
): Promise<ReportOutcome> {
  const backoff = new Backoff();
  const startedAt = performance.now();
  while (true) {
    try {
      await send();
      presence.back();
      return { kind: 'accepted' };
    } catch (error) {
      if (!isTemporary(error) && !isUnauthorised(error)) return { kind: 'refused', error: error as WorkflowGraphError };
      presence.away(error);
    }
    const afterMs = performance.now() - startedAt;
    if (afterMs >= keepMs) return { kind: 'given-up', afterMs };
    await sleep(backoff.nextMs());
  }
}
