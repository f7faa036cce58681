/** How long a failed attempt waits before the next one. */
export type Backoff =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly delaySecs: number }
  /** `base × 2^n`, at most `max`, n = 0 for the first retry. Jitter spreads each wait over its upper half. */
  | { readonly kind: 'exponential'; readonly baseSecs: number; readonly maxSecs: number; readonly jitter: boolean };

/** How often and when a failed attempt is tried again. */
export interface RetryPolicy {
  /** Retries after the first attempt. */
  readonly maxRetries: number;
  readonly backoff: Backoff;
}

export const noRetries: RetryPolicy = { maxRetries: 0, backoff: { kind: 'none' } };

/**
 * How long to wait before a retry, in whole milliseconds.
 *
 * @param retryNumberFrom0 0 for the first retry, that is, after attempt 0 has failed
 * @param random01 from 0 (inclusive) to 1 (exclusive); read only when the backoff has jitter
 */
export function retryDelayMs(policy: RetryPolicy, retryNumberFrom0: number, random01: number): number {
  const { backoff } = policy;
  switch (backoff.kind) {
    case 'none':
      return 0;
    case 'fixed':
      return Math.round(backoff.delaySecs * 1000);
    case 'exponential': {
      // 2 ** 1e6 is Infinity, and a base of 0 would make it NaN; past 2^52 the cap has long been reached.
      const grown = backoff.baseSecs * 2 ** Math.min(retryNumberFrom0, 52);
      const delayMs = Math.min(grown, backoff.maxSecs) * 1000;
      return Math.round(backoff.jitter ? delayMs * (0.5 + random01 / 2) : delayMs);
    }
  }
}
