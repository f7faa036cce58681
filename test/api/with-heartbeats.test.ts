import { expect, test } from 'vitest';
import { withHeartbeats } from '../../src/api/with-heartbeats.js';

test('a silent stream is filled with heartbeats that carry the last position, and ends with its source', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  async function* items() {
    yield 'a';
    await promise;
    yield 'b';
  }
  const seen: string[] = [];
  for await (const item of withHeartbeats<string>(items(), (last) => `after ${last}`, 5)) {
    seen.push(item);
    if (seen.length === 3) resolve();
  }
  expect(seen.slice(0, 3)).toEqual(['a', 'after a', 'after a']);
  expect(seen.at(-1)).toBe('b');
});

test('an error of the stream is passed on', async () => {
  // biome-ignore lint/correctness/useYield: it fails before the first item
  async function* broken(): AsyncGenerator<string> {
    throw new Error('gone');
  }
  await expect(withHeartbeats(broken(), () => '', 1_000).next()).rejects.toThrow('gone');
});
