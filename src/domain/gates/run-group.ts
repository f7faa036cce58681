import { workflowPausePrefix } from './pause.js';

/** What happens to a run whose group is full. A number: this many may wait, and a further one is refused. */
export type QueueRule = 'all' | 'newest' | 'none' | number;

export const queueRules = ['all', 'newest', 'none'] as const;

/** The group of runs in a definition. */
export interface RunGroupSpec {
  /** The name of the group; it may have expressions in it. */
  readonly group: string;
  /** Runs of the group that may be in progress at once, according to this run. */
  readonly max: number;
  readonly queue: QueueRule;
  /** Whether a new run cancels those in progress; then the rule of the queue is `newest`. */
  readonly cancelInProgress: boolean;
}

/** The group of one run, with the evaluated name. */
export interface RunGroup extends Omit<RunGroupSpec, 'group'> {
  readonly key: string;
}

/** Separates the names of run groups from those of other gates. */
export const runGroupPrefix = 'run:';

/** Separates the groups that schedules make of their runs; it is part of their names. */
export const scheduleGroupPrefix = 'schedule:';

/** Whether the places of a gate belong to runs, not jobs. */
export function isGateOfRuns(key: string): boolean {
  return [runGroupPrefix, scheduleGroupPrefix, workflowPausePrefix].some((prefix) => key.startsWith(prefix));
}

/** The name of a group of runs for readers, by its key. */
export function nameOfRunGroup(key: string): string {
  return key.startsWith(runGroupPrefix) ? key.slice(runGroupPrefix.length) : key;
}
