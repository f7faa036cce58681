import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endWhenUnread } from '../../src/api/end-when-unread.js';
import { ApiError } from '../../src/api/errors.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Counts up while it is read, and records its end. */
function counter() {
  const source = { isEnded: false, numbers };
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (let number = 1; ; number++) yield number;
    } finally {
      source.isEnded = true;
    }
  }
  return source;
}

test('a reader that reads nothing for a minute is disconnected, and gets the position to resume from', async () => {
  const source = counter();
  const stream = endWhenUnread(source.numbers(), (number) => `event ${number}`);
  await stream.next();
  await stream.next();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(source.isEnded).toBe(true);
  const refusal = await stream.next().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ApiError);
  expect(refusal).toMatchObject({
    code: 'unavailable',
    message: 'nothing was read for 60 s: open the stream again after event 2',
  });
});

test('a slow reader that resumes in time misses nothing', async () => {
  const source = counter();
  const stream = endWhenUnread(source.numbers(), String);
  const taken: unknown[] = [];
  for (let read = 0; read < 5; read++) {
    taken.push((await stream.next()).value);
    await vi.advanceTimersByTimeAsync(59_999);
  }
  expect(taken).toEqual([1, 2, 3, 4, 5]);
  expect(source.isEnded).toBe(false);
});

test('waiting for an event does not count as slow', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  async function* late(): AsyncGenerator<string> {
    yield 'now';
    await promise;
    yield 'later';
  }
  const stream = endWhenUnread(late(), String);
  await stream.next();
  const next = stream.next();
  await vi.advanceTimersByTimeAsync(3_600_000);
  resolve();
  expect(await next).toEqual({ done: false, value: 'later' });
});

test('a reader that disconnects ends the source', async () => {
  const source = counter();
  const stream = endWhenUnread(source.numbers(), String);
  await stream.next();
  await stream.return(undefined);
  expect(source.isEnded).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
