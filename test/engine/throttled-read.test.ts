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

describe('something that is costly to read', () => {
  it('is read again when fifty times as long has passed as the reading took', async () => {
    const { clock, sparing } = reading(100);
    expect(await sparing.get()).toBe(1);
    clock.nowMs += 4_999;
    expect(await sparing.get()).toBe(1);
    clock.nowMs += 1;
    expect(await sparing.get()).toBe(2);
  });

  it('is read each time when that takes little', async () => {
    const { sparing } = reading(20);
    expect([await sparing.get(), await sparing.get()]).toEqual([1, 2]);
  });

  it('is read once for concurrent callers', async () => {
    const { sparing } = reading(100);
    expect(await Promise.all([sparing.get(), sparing.get()])).toEqual([1, 1]);
  });

  it('is read again after a failure', async () => {
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
