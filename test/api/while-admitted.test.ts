import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Message } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CallContext } from '../../src/api/procedure.js';
import { whileAdmitted } from '../../src/api/while-admitted.js';

const context = {} as CallContext;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A stream that says one thing, and then nothing until it is left. */
async function* oneThenSilence(left: () => void): AsyncGenerator<Message> {
  try {
    yield { $typeName: 'first' };
    await new Promise(() => {});
  } finally {
    left();
  }
}

test('a stream that waits for its next message ends with the refusal when its caller is no longer admitted', async () => {
  let admitted = true;
  const items = whileAdmitted(
    oneThenSilence(() => {}),
    context,
    () => {
      if (!admitted) throw new Error('revoked');
    },
  );
  await items.next();
  const waiting = items.next();
  waiting.catch(() => {});
  await vi.advanceTimersByTimeAsync(2_000);
  admitted = false;
  await vi.advanceTimersByTimeAsync(1_000);
  await expect(waiting).rejects.toThrow('revoked');
});

test('a refusal while nobody waits meets the next who asks', async () => {
  async function* always(): AsyncGenerator<Message> {
    for (;;) yield { $typeName: 'more' };
  }
  const items = whileAdmitted(always(), context, () => {
    throw new Error('expired');
  });
  await items.next();
  await vi.advanceTimersByTimeAsync(1_000);
  await expect(items.next()).rejects.toThrow('expired');
});

test('a message that was passed on is not kept as long as the stream lasts', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const passed: WeakRef<Message>[] = [];
  async function* many(): AsyncGenerator<Message> {
    for (let n = 0; n < 10; n += 1) yield { $typeName: `message ${n}` };
    await new Promise(() => {});
  }
  const items = whileAdmitted(many(), context, () => {});
  async function take(): Promise<void> {
    const next = await items.next();
    if (!next.done) passed.push(new WeakRef(next.value));
  }
  for (let n = 0; n < 10; n += 1) await take();
  void items.next();
  vi.useRealTimers();
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  // The newest may still be in some variable.
  expect(passed.filter((message) => message.deref() !== undefined).length).toBeLessThanOrEqual(1);
});
