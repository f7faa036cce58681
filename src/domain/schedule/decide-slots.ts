import { nextSlot } from './cron.js';
import { type Schedule, startOfSlot } from './schedule.js';

/** Slots without a run, and why. */
export interface SkippedSlots {
  /**
   * - `missed`: no server took them in time
   * - `newer_slot`: a newer one was taken instead, as `catch-up: latest` requires
   */
  readonly reason: 'missed' | 'newer_slot';
  /** The first and the last of them. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface SlotDecision {
  /** The slots that get a run, the oldest first. */
  readonly taken: readonly number[];
  readonly skipped: readonly SkippedSlots[];
  /** The next slot; null when there is none. It may be due already. */
  readonly nextMs: number | null;
}

/** Slots that one transaction takes. */
export const slotsAtOnce = 100;

/** Delay up to which a slot is on time: the server was busy, not down. */
const onTimeMs = 60_000;

/**
 * Decides what happens to the due slots of a schedule.
 *
 * @param nextMs the first undecided slot
 *
 * @param most slots that are taken at once
 */
export function decideSlots(
  schedule: Schedule,
  workflow: string,
  nextMs: number,
  nowMs: number,
  most = slotsAtOnce,
): SlotDecision {
  const startOf = (slotMs: number) => startOfSlot(schedule, workflow, slotMs);
  const skipped: SkippedSlots[] = [];
  const skip = (reason: SkippedSlots['reason'], fromMs: number, toMs: number) => skipped.push({ reason, fromMs, toMs });
  const lateMs = schedule.catchUp === 'none' ? Math.min(onTimeMs, schedule.withinMs) : schedule.withinMs;

  let firstMs: number | null = nextMs;
  if (startOf(nextMs) < nowMs - lateMs) {
    const [last, before] = lastSlots(schedule, nextMs, nowMs - lateMs);
    const isInTime = startOf(last) >= nowMs - lateMs;
    firstMs = isInTime ? last : nextSlot(schedule, last);
    skip('missed', nextMs, isInTime ? (before ?? nextMs) : last);
  }
  if (firstMs === null || startOf(firstMs) > nowMs) return { taken: [], skipped, nextMs: firstMs };

  if (schedule.catchUp === 'all') {
    const taken: number[] = [];
    let at: number | null = firstMs;
    for (; at !== null && startOf(at) <= nowMs && taken.length < most; at = nextSlot(schedule, at)) taken.push(at);
    return { taken, skipped, nextMs: at };
  }
  const [last, ...earlier] = lastSlots(schedule, firstMs, nowMs);
  const [newest = firstMs, before] = startOf(last) <= nowMs ? [last, ...earlier] : earlier;
  if (before !== undefined) skip('newer_slot', firstMs, before);
  return { taken: [newest], skipped, nextMs: nextSlot(schedule, newest) };
}

/**
 * The last three slots, or fewer, from one on up to a time, the newest first. The search starts ever further back, so
 * that it need not walk through all slots of a month.
 */
function lastSlots(schedule: Schedule, firstMs: number, upToMs: number): readonly [number, ...number[]] {
  for (let backMs = 3 * 60_000; ; backMs *= 2) {
    const isWhole = upToMs - backMs < firstMs;
    const found: number[] = [];
    let at = isWhole ? firstMs : nextSlot(schedule, upToMs - backMs);
    for (; at !== null && at <= upToMs; at = nextSlot(schedule, at)) found.push(at);
    const [last, ...earlier] = found.slice(-3).reverse();
    if (last !== undefined && (isWhole || earlier.length === 2)) return [last, ...earlier];
    if (isWhole) return [firstMs];
  }
}
