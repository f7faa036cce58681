import { timeFactor } from '../conformance/driver/time-factor.js';

export { runningTime } from '../conformance/driver/running-time.js';
export { scaled } from '../conformance/driver/time-factor.js';

/** How much of something is tried: what the environment says, or what suits this machine. */
export interface Size {
  /** What is counted, in the plural. */
  readonly of: string;
  /** What the environment asks for, which is not reduced. */
  readonly asked?: string | undefined;
  /** On the reference machine. */
  readonly full: number;
  /** So many still meet every kind; a slow machine has no fewer. */
  readonly floor: number;
}

/**
 * How many of what is only more of the same: fewer on a slow machine, never fewer than the floor. What is left out is
 * printed in a line that `npm test` repeats at its end.
 */
export function sized({ of, asked, full, floor }: Size, factor = timeFactor): number {
  if (asked !== undefined && asked !== '') return Number(asked);
  const size = Math.min(full, Math.max(floor, Math.round(full / factor)));
  if (size < full) console.log(`reduced: ${size} of ${full} ${of} (machine factor ${factor})`);
  return size;
}

/**
 * The life of a lease that a test lets expire, or keeps alive by heartbeats, in seconds: longer on a slow machine, where a
 * heartbeat may wait that long for the processor.
 */
export function shortLease(secs: number, factor = timeFactor): number {
  return secs * Math.min(5, Math.max(1, Math.round(factor / 5)));
}
