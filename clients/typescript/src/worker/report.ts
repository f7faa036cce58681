import { isTemporary, isUnauthorised, type WorkflowGraphError } from '../errors.js';
import { sleep } from '../sleep.js';
import { Backoff } from './backoff.js';
import type { ServerPresence } from './presence.js';

/** The outcome of reporting a result. */
export type ReportOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly error: WorkflowGraphError }
  | { readonly kind: 'given-up'; readonly afterMs: number };

/**
 * A restarted server extends each lease by its full time, so a result can still be reported long after the lease's end.
 */
const KEEP_RESULT_MS_MIN = 10 * 60_000;

/** How long an unreported result is kept. */
export function keepResultMs(ttlMs: number): number {
  return Math.max(2 * ttlMs, KEEP_RESULT_MS_MIN);
}

/**
 * Sends a result until the server accepts or refuses it, or the time is up. If the server refuses the worker itself,
 * for example because of a revoked token, it retries for the lease time, because the lease cannot be renewed.
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
