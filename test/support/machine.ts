import { timeFactor } from '../conformance/driver/time-factor.js';

export { runningTime } from '../conformance/driver/running-time.js';
export { scaled } from '../conformance/driver/time-factor.js';

/** How many cases a test tries: the number in the environment, or one that suits this machine. */
export interface Size {
  /** What is counted, in the plural. */
  readonly of: string;
  /** The number from the environment, which is never reduced. */
  readonly asked?: string | undefined;
  /** The number on the reference machine. */
  readonly full: number;
  /** The minimum that still covers every kind; a slow machine never goes below it. */
  readonly floor: number;
}

/**
 * The number of interchangeable cases: lower on a slow machine, never below the floor. A line reports the reduction,
 * and `npm test` repeats it at its end.
 */
export function sized({ of, asked, full, floor }: Size, factor = timeFactor): number {
  if (asked !== undefined && asked !== '') return Number(asked);
  const size = Math.min(full, Math.max(floor, Math.round(full / factor)));
  if (size < full) console.log(`reduced: ${size} of ${full} ${of} (machine factor ${factor})`);
  return size;
}

/**
 * Lease time, in seconds, for tests that let a lease expire or keep it alive by heartbeats: longer on a slow machine,
 * where a heartbeat may wait that long for the processor.
 */
export function shortLease(secs: number, factor = timeFactor): number {
  return secs * Math.min(5, Math.max(1, Math.round(factor / 5)));
}
