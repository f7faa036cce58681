import { describe, expect, it } from 'vitest';
import { DomainError } from '../../src/domain/errors.js';
import {
  checkReport,
  holderOf,
  type LeasedAttempt,
  leaseTtlMs,
  refusalOf,
  stopReasonOf,
} from '../../src/domain/lease.js';

const attempt: LeasedAttempt = {
  number: 0,
  credential: 'token-a',
  leaseHash: 'hash-a',
  expiresAtMs: 1_000,
  timeoutAtMs: null,
  stop: null,
  outcome: null,
  reportDigest: null,
  jobState: 'running',
  jobAttempt: 0,
};

const reasonOf = (answer: unknown) => (answer instanceof DomainError ? answer.reason : answer);

describe('the holder of a lease', () => {
  const message = { leaseHash: 'hash-a', credential: 'token-a', receivedAtMs: 0 };

  it('is the caller with its secret and the token that claimed', () => {
    expect(holderOf(attempt, message)).toBe(attempt);
  });

  it.each([
    ['another token', attempt, { ...message, credential: 'token-b' }],
    ['no token', attempt, { ...message, credential: null }],
    ['a token, although the claim had none', { ...attempt, credential: null }, message],
    ['another secret', attempt, { ...message, leaseHash: 'hash-b' }],
    ['no attempt', null, message],
  ])('is nobody with %s', (_, of, shown) => {
    expect(reasonOf(holderOf(of, shown))).toBe('unknown_lease');
  });
});

describe('the end of a lease', () => {
  it.each([
    [999, null],
    [1_000, 'lease_expired'],
    [1_001, 'lease_expired'],
  ])('at %d ms of 1000: %s', (nowMs, reason) => {
    expect(reasonOf(refusalOf(attempt, nowMs))).toBe(reason);
    expect(reasonOf(checkReport(attempt, 'digest', nowMs))).toBe(reason ?? 'accept');
  });

  it.each([
    [499, null],
    [500, 'timed_out'],
  ])('is requested at %d ms with a timeout at 500: %s', (nowMs, reason) => {
    expect(stopReasonOf({ ...attempt, timeoutAtMs: 500 }, nowMs)).toBe(reason);
  });

  it.each([
    [699, null],
    [700, 'lease_expired'],
  ])('at %d ms of a grace period until 700 after a timeout: %s', (nowMs, reason) => {
    const stopping = { ...attempt, timeoutAtMs: 500, stop: { reason: 'timed_out', byMs: 700 } } as const;
    expect(reasonOf(refusalOf(stopping, nowMs))).toBe(reason);
    expect(reasonOf(checkReport(stopping, 'digest', nowMs))).toBe(reason ?? 'timed_out');
  });

  it('is reported as superseded only after the next attempt has started', () => {
    const lost = { ...attempt, outcome: 'lease_expired', jobAttempt: 1 } as const;
    expect(reasonOf(refusalOf(lost, 0))).toBe('superseded');
    expect(reasonOf(refusalOf({ ...lost, jobState: 'queued' }, 0))).toBe('lease_expired');
    expect(reasonOf(refusalOf({ ...lost, jobAttempt: 0 }, 0))).toBe('lease_expired');
  });
});

describe('a repeated report', () => {
  const ended = { ...attempt, outcome: 'success', reportDigest: 'same' } as const;

  it('counts as the first if it has the same content, also after the lease', () => {
    expect(checkReport(ended, 'same', 5_000)).toBe('replay');
    expect(reasonOf(checkReport(ended, 'other', 0))).toBe('completed');
  });

  it('is not a repeat of an end that was not reported', () => {
    expect(reasonOf(checkReport({ ...ended, outcome: 'cancelled' }, 'same', 0))).toBe('cancelled');
  });
});

describe('the lease of a cancelled job', () => {
  const ended = { ...attempt, outcome: 'cancelled' } as const;
  const stopping = { ...attempt, stop: { reason: 'cancelled', byMs: 5_000 } } as const;

  it.each([
    ['that has ended', ended],
    ['whose worker is stopping it', stopping],
  ])('%s accepts logs until its time is up, and no longer', (_, cancelled) => {
    expect(refusalOf(cancelled, 999)).toBeNull();
    expect(reasonOf(refusalOf(cancelled, 1_000))).toBe('cancelled');
    expect(reasonOf(checkReport(cancelled, 'digest', 0))).toBe('cancelled');
  });
});

it.each([
  [null, 30_000],
  [0, 1_000],
  [1, 1_000],
  [2, 2_000],
  [86_400, 86_400_000],
  [86_401, 86_400_000],
  [-5, 1_000],
])('a claim that asks for %s seconds gets a lease of %d ms', (asked, ms) => {
  expect(leaseTtlMs(asked)).toBe(ms);
});
