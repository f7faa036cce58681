import type { RunGroup } from './run-group.js';

/** What can be paused. */
export type PauseKind = 'workflow' | 'run' | 'label';

/** Begins the keys of gates that hold what is paused. Such a gate has no places, so it admits nothing. */
export const pausePrefix = 'paused:';

/** Begins the keys of gates that hold the new runs of a paused workflow. */
export const workflowPausePrefix = `${pausePrefix}workflow:`;

/** The gate that holds the new runs of a paused workflow, given by its number. */
export function gateOfPausedWorkflow(workflow: number): string {
  return `${workflowPausePrefix}${workflow}`;
}

/** The gate that holds the claimable jobs of a paused run, given by its number. */
export function gateOfPausedRun(run: number): string {
  return `${pausePrefix}run:${run}`;
}

/** The gate as a group, in which any number of runs waits. */
export function groupOfPausedWorkflow(workflow: number): RunGroup {
  return { key: gateOfPausedWorkflow(workflow), max: 0, queue: 'all', cancelInProgress: false };
}
