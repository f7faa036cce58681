import { type RunGroup, scheduleGroupPrefix } from '../gates/run-group.js';
import type { Overlap } from './schedule.js';

/** The group of the runs of a schedule, whose runs wait for one another or replace one another; null for any other. */
export function overlapGroup(workflow: string, schedule: string, overlap: Overlap): RunGroup | null {
  if (overlap !== 'queue' && overlap !== 'cancel') return null;
  const isCancelled = overlap === 'cancel';
  const key = `${scheduleGroupPrefix}${workflow}/${schedule}`;
  return { key, max: 1, queue: isCancelled ? 'newest' : 'all', cancelInProgress: isCancelled };
}
