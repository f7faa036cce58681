import type { Job, JobStatus, Workflow } from '#client';
import { escapeLine } from '../../telemetry/escape-controls.js';
import { duration } from '../terminal/times.js';

/** Needs that a line names. */
const namedNeeds = 3;
/** Fewer jobs than this that wait for the same thing have a row each. */
export const groupedMin = 3;
/** Jobs with the same reason that a line names. */
const namedJobs = 3;

/**
 * What a queued job waits for, in short: a retry, needs, a place in a group or among the children of its job, a place of its run, or a worker.
 *
 * @param heldBy the concurrency group in which its run waits for a place, empty when a pause holds it; null when it does not wait
 */
export function whatItWaitsFor(
  job: Job,
  statuses: ReadonlyMap<string, JobStatus>,
  nowMs: number,
  heldBy: string | null,
): string {
  if (job.delayed_until_ms != null) {
    return `attempt ${job.attempt} in ${duration(job.delayed_until_ms - nowMs)}`;
  }
  const open = job.depends_on.filter((need) => !hasEnded(statuses.get(need) ?? 'queued'));
  if (open.length > 0) {
    const names = open.slice(0, namedNeeds).map(escapeLine);
    const more = open.length > namedNeeds ? ` and ${open.length - namedNeeds} more` : '';
    return `waits for ${names.join(', ')}${more}`;
  }
  if (job.held === true) return 'waits for a place';
  if (heldBy === '') return 'its run is held';
  if (heldBy !== null) return `waits for a place of its run in group ${escapeLine(heldBy)}`;
  const labels = job.required_labels.map(escapeLine).join(', ');
  return `waits for a worker${labels === '' ? '' : ` with ${labels}`}`;
}

/** The concurrency group in which a run waits for a place, empty when a pause holds it; null when it does not wait. */
export function groupThatHolds({ held, group }: Workflow): string | null {
  return held === true ? (group ?? '') : null;
}

/** The state of each job by its key. */
export function statusesOf({ jobs }: Workflow): ReadonlyMap<string, JobStatus> {
  return new Map(jobs.map(({ id, status }) => [id, status]));
}

export function hasEnded(status: JobStatus): boolean {
  return status !== 'queued' && status !== 'running';
}

/** Names some jobs and counts the rest: `a, b, c and 9 more`. */
export function nameJobs(ids: readonly string[], max: number = namedJobs): string {
  const names = ids.slice(0, max).map(escapeLine).join(', ');
  return ids.length > max ? `${names} and ${ids.length - max} more` : names;
}

/** Groups items with the same text, each group at the position of its first item. */
export function groupBy<T>(items: readonly T[], textOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const text = textOf(item);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [item]);
    else group.push(item);
  }
  return groups;
}
