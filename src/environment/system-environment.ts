import { randomBytes } from 'node:crypto';
import type { Environment } from './environment.js';

/** The longest delay of Node's timers. */
const timerMsMax = 2 ** 31 - 1;

/**
 * The real environment.
 *
 * @param clock another clock than this machine's; or the time before which this machine's clock cannot be right
 */
export function systemEnvironment(clock: { earliestMs?: number } | { now(): number } = {}): Environment {
  const now = 'now' in clock ? clock.now : monotonicClock(clock.earliestMs ?? 0);
  return {
    now,
    random: Math.random,
    randomBytes: pooledRandomBytes(),
    newId: () => uuidV7(now(), randomBytes(10)),
    nextTurn: (callback) => void setImmediate(callback),
    after(delayMs, callback) {
      const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), timerMsMax));
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}

/**
 * The wall clock at the start and the monotonic clock from then on: a wall clock that is set back must not revive
 * expired leases.
 */
function monotonicClock(earliestMs: number): () => number {
  const origin = Math.max(Date.now(), earliestMs) - performance.now();
  return () => Math.floor(origin + performance.now());
}

/** RFC 9562, section 5.7: 48 bits of Unix milliseconds, then random bits. */
export function uuidV7(nowMs: number, random: Uint8Array): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Random bytes that one system call returns: a call costs the same for 16 bytes and for thousands. */
const poolBytes = 8 * 1024;

function pooledRandomBytes(): (size: number) => Uint8Array {
  let pool = Buffer.alloc(0);
  let used = 0;
  return (size) => {
    if (size > poolBytes / 8) return randomBytes(size);
    if (used + size > pool.length) {
      pool = randomBytes(poolBytes);
      used = 0;
    }
    used += size;
    return pool.subarray(used - size, used);
  };
}
