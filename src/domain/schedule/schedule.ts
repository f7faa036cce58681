import { type CronTimes, nextSlot } from './cron.js';

/** What happens to slots that were missed while no server was running. */
export const catchUps = ['latest', 'all', 'none'] as const;
export type CatchUp = (typeof catchUps)[number];

/** What happens to a slot while an earlier run of its schedule has not ended. */
export const overlaps = ['allow', 'skip', 'queue', 'cancel'] as const;
export type Overlap = (typeof overlaps)[number];

/** One schedule of a workflow. A slot is a time at which it is due. */
export interface Schedule extends CronTimes {
  /** Unique in its workflow. */
  readonly id: string;
  /** The inputs of its runs, as texts; one may have expressions in it. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Its runs start up to this much later than their slots, each slot with a delay of its own. */
  readonly jitterMs: number;
  readonly catchUp: CatchUp;
  /** How late a slot may still be taken. */
  readonly withinMs: number;
  readonly overlap: Overlap;
}

/** The values of absent keys. */
export const scheduleDefaults = {
  timezone: 'UTC',
  jitterMs: 0,
  catchUp: 'latest',
  withinMs: 10 * 60_000,
  overlap: 'allow',
} as const;

/**
 * When the run of a slot starts: the slot plus a part of the jitter that is derived from the slot, equal on every
 * server, and before the next slot.
 */
export function startOfSlot(schedule: Schedule, workflow: string, slotMs: number): number {
  if (schedule.jitterMs === 0) return slotMs;
  const spanMs = Math.min(schedule.jitterMs, (nextSlot(schedule, slotMs) ?? Number.POSITIVE_INFINITY) - slotMs);
  return slotMs + Math.floor((hash(`${workflow}\n${schedule.id}\n${slotMs}`) / 2 ** 32) * spanMs);
}

/** FNV-1a of 32 bits, mixed so that texts that differ in their last digit get distant values. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
