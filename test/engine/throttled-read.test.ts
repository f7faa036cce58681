import { describe, expect, it } from 'vitest';
import { ThrottledRead } from '../../src/engine/observe/throttled-read.js';

function reading(tookMs: number) {
  const clock = { nowMs: 0 };
  let reads = 0;
  const sparing = new ThrottledRead(
    async () => {
      reads += 1;
      clock.nowMs += tookMs;
      return reads;
    },
    () => clock.nowMs,
  );
  return { clock, sparing };
}

describe('an expensive read', () => {
  it('is repeated after fifty times its duration', async () => {
    const { clock, sparing } = reading(100);
    expect(await sparing.get()).toBe(1);
    clock.nowMs += 4_999;
    expect(await sparing.get()).toBe(1);
    clock.nowMs += 1;
    expect(await sparing.get()).toBe(2);
  });

  it('is repeated each time if it is cheap', async () => {
    const { sparing } = reading(20);
    expect([await sparing.get(), await sparing.get()]).toEqual([1, 2]);
  });

  it('is shared by concurrent callers', async () => {
    const { sparing } = reading(100);
    expect(await Promise.all([sparing.get(), sparing.get()])).toEqual([1, 1]);
  });

  it('is repeated after a failure', async () => {
    let fails = true;
    const sparing = new ThrottledRead(
      async () => {
        if (fails) throw new Error('away');
        return 'there';
      },
      () => 0,
    );
    await expect(sparing.get()).rejects.toThrow('away');
    fails = false;
    expect(await sparing.get()).toBe('there');
  });
});
