import { firstChild } from './matrix.js';
import type { ModelRun, StoredEvent } from './states.js';

const shown: Readonly<Record<string, string>> = {
  waiting: 'queued',
  held: 'queued',
  delayed: 'queued',
  open: 'running',
};

/** The statuses of a run's jobs after its events up to a number. */
export function replay(run: ModelRun, events: readonly StoredEvent[], upTo: number): string[] {
  const statuses = run.jobs.map(() => 'queued');
  for (const number of run.events) {
    if (number > upTo) break;
    const event = events[number - 1];
    // A job that is being stopped runs.
    if (event === undefined || event.job === null || isChild(event.job) || event.type === 'job.stopping') continue;
    const state = event.type.slice('job.'.length);
    statuses[event.job % 2 ** 20] = shown[state] ?? state;
  }
  return statuses;
}

/** A snapshot shows jobs with a matrix, and not their children. */
function isChild(jobId: number): boolean {
  return jobId % 2 ** 20 >= firstChild;
}
