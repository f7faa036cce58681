import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WaitingCallers } from '../../src/api/waiting-callers.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The tokens of a database, and the server's cached knowledge of them. */
class Directory {
  readonly stored = new Set<string>();
  looks = 0;
  isAway = false;
  #known = new Set<string>();
  required = () => true;
  authenticate = async () => null;
  authenticateSession = async () => null;
  isStillValid = (id: string | null) => id !== null && this.#known.has(id);
  refresh = async () => {
    this.looks += 1;
    if (this.isAway) throw new Error('the database is away');
    this.#known = new Set(this.stored);
  };
}

function callers(tokens: Directory, ids: readonly string[]) {
  const waiting = new WaitingCallers(tokens);
  const doubted: string[] = [];
  const joined = ids.map((tokenId) => ({ tokenId, doubt: () => void doubted.push(tokenId) }));
  for (const caller of joined) waiting.join(caller);
  return { waiting, joined, doubted };
}

test('a thousand waiting callers cost one check a second, and none after they have left', async () => {
  const tokens = new Directory();
  tokens.stored.add('a');
  const { waiting, joined, doubted } = callers(
    tokens,
    Array.from({ length: 1_000 }, () => 'a'),
  );
  await vi.advanceTimersByTimeAsync(10_000);
  expect([tokens.looks, doubted.length]).toEqual([10, 0]);
  for (const caller of joined) waiting.leave(caller);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([tokens.looks, vi.getTimerCount()]).toEqual([10, 0]);
  for (const caller of joined) waiting.join(caller);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(tokens.looks).toBe(11);
});

test('a caller whose token is no longer valid is notified within a second, and again while it stays', async () => {
  const tokens = new Directory();
  for (const id of ['a', 'b']) tokens.stored.add(id);
  const { waiting, joined, doubted } = callers(tokens, ['a', 'b']);
  await vi.advanceTimersByTimeAsync(1_500);
  tokens.stored.delete('a');
  await vi.advanceTimersByTimeAsync(500);
  expect(doubted).toEqual(['a']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(doubted).toEqual(['a', 'a']);
  if (joined[0] !== undefined) waiting.leave(joined[0]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(doubted).toEqual(['a', 'a']);
});

test('an unavailable or slow database does not affect a caller whose token is known to be valid', async () => {
  const tokens = new Directory();
  tokens.stored.add('a');
  const { doubted } = callers(tokens, ['a', 'unknown']);
  await vi.advanceTimersByTimeAsync(1_000);
  tokens.isAway = true;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(doubted).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
  tokens.refresh = () => new Promise(() => {});
  await vi.advanceTimersByTimeAsync(2_000);
  // The first of these reads has not returned; the second time the cache must suffice.
  expect(doubted).toHaveLength(5);
});
