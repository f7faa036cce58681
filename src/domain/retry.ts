import type { AttemptOutcome } from './lease.js';

/** How long a failed attempt waits before the next one. */
export type Backoff =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly delaySecs: number }
  /** `base × 2^n`, at most `max`, n = 0 for the first retry. Jitter spreads each wait over its upper half. */
  | { readonly kind: 'exponential'; readonly baseSecs: number; readonly maxSecs: number; readonly jitter: boolean };

/** How often and when a failed attempt is retried. */
export interface RetryPolicy {
  /** Retries after the first attempt. */
  readonly maxRetries: number;
  readonly backoff: Backoff;
  /** Causes that a retry may follow; absent for any. */
  readonly on?: readonly RetryRule[];
}

/** `lost`: the lease expired. `timeout`: the attempt took too long. `failure`: its worker reported a failure. */
export const retryCauses = ['lost', 'timeout', 'failure'] as const;
export type RetryCause = (typeof retryCauses)[number];

/** Failures whose worker reported one of these exit codes, from the first to the last. */
export interface ExitCodes {
  readonly from: number;
  readonly to: number;
}

export type RetryRule = RetryCause | ExitCodes;

/** Highest exit code of every system; 0 is success. */
export const exitCodeMax = 255;

/** A rule as it is written: `lost`, `75` or `128-255`. */
export function retryRuleText(rule: RetryRule): string {
  if (typeof rule === 'string') return rule;
  return rule.from === rule.to ? `${rule.from}` : `${rule.from}-${rule.to}`;
}

/** The cause of an unsuccessful end; null for success and cancel. */
function retryCauseOf(outcome: AttemptOutcome): RetryCause | null {
  switch (outcome) {
    case 'lease_expired':
      return 'lost';
    case 'timed_out':
      return 'timeout';
    case 'failure':
      return 'failure';
    case 'success':
    case 'cancelled':
      return null;
  }
}

/**
 * Whether the policy allows a retry after such an end.
 *
 * @param exitCode of the command, as the worker reported it; null when it did not
 */
export function allowsRetryAfter(
  { on }: Pick<RetryPolicy, 'on'>,
  outcome: AttemptOutcome,
  exitCode: number | null,
): boolean {
  const cause = retryCauseOf(outcome);
  if (cause === null) return false;
  if (on === undefined || on.includes(cause)) return true;
  return cause === 'failure' && exitCode !== null && on.some((rule) => hasExitCode(rule, exitCode));
}

/** Whether a retry depends on the exit code, which the worker must then report. */
export function dependsOnExitCode({ on = [] }: Pick<RetryPolicy, 'on'>): boolean {
  return on.some((rule) => typeof rule !== 'string');
}

function hasExitCode(rule: RetryRule, exitCode: number): boolean {
  return typeof rule !== 'string' && exitCode >= rule.from && exitCode <= rule.to;
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
