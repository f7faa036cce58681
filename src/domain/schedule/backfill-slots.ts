import { type CronTimes, nextSlot } from './cron.js';

/** The order in which a backfill starts its runs. */
export const backfillOrders = ['oldest', 'newest'] as const;
export type BackfillOrder = (typeof backfillOrders)[number];

/** The slots from one time up to, and without, another one, the oldest first; at most `max + 1` of them. */
export function slotsBetween(times: CronTimes, fromMs: number, toMs: number, max: number): number[] {
  const slots: number[] = [];
  let at = nextSlot(times, fromMs - 1);
  for (; at !== null && at < toMs && slots.length <= max; at = nextSlot(times, at)) slots.push(at);
  return slots;
}
