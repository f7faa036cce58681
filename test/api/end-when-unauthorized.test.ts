import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Message } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { endWhenUnauthorized } from '../../src/api/end-when-unauthorized.js';

/** A caller whose token a test can invalidate. */
class Caller {
  refusal: Error | null = null;
  isAsked = false;
  doubt: () => void = () => {};

  readonly recheck = async (): Promise<void> => {
    if (this.refusal !== null) throw this.refusal;
  };

  readonly onDoubt = (callback: () => void): (() => void) => {
    this.doubt = callback;
    this.isAsked = true;
    return () => {
      this.isAsked = false;
    };
  };
}

/** A stream that sends one message, and then nothing. */
async function* oneThenSilence(): AsyncGenerator<Message> {
  yield { $typeName: 'first' };
  await new Promise(() => {});
}

test('a stream that waits for its next message ends with an error when its caller loses access', async () => {
  const caller = new Caller();
  const items = endWhenUnauthorized(oneThenSilence(), caller);
  await items.next();
  const waiting = items.next();
  caller.doubt();
  caller.refusal = new Error('revoked');
  caller.doubt();
  await expect(waiting).rejects.toThrow('revoked');
  expect(caller.isAsked).toBe(false);
});

test('a refusal without a waiting caller applies to the next caller', async () => {
  async function* always(): AsyncGenerator<Message> {
    for (;;) yield { $typeName: 'more' };
  }
  const caller = new Caller();
  const items = endWhenUnauthorized(always(), caller);
  await items.next();
  caller.refusal = new Error('expired');
  caller.doubt();
  await Promise.resolve();
  await expect(items.next()).rejects.toThrow('expired');
});

test('a delivered message is not retained for the life of the stream', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const passed: WeakRef<Message>[] = [];
  async function* many(): AsyncGenerator<Message> {
    for (let n = 0; n < 10; n += 1) yield { $typeName: `message ${n}` };
    await new Promise(() => {});
  }
  const items = endWhenUnauthorized(many(), new Caller());
  async function take(): Promise<void> {
    const next = await items.next();
    if (!next.done) passed.push(new WeakRef(next.value));
  }
  for (let n = 0; n < 10; n += 1) await take();
  void items.next();
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  // A variable may still hold the newest one.
  expect(passed.filter((message) => message.deref() !== undefined).length).toBeLessThanOrEqual(1);
});
