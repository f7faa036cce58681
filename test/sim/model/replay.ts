import type { ModelRun, StoredEvent } from './states.js';

const shown: Readonly<Record<string, string>> = { waiting: 'queued', held: 'queued', delayed: 'queued' };

/** The statuses of a run's jobs after its events up to a number. */
export function replay(run: ModelRun, events: readonly StoredEvent[], upTo: number): string[] {
  const statuses = run.jobs.map(() => 'queued');
  for (const number of run.events) {
    if (number > upTo) break;
    const event = events[number - 1];
    // A job that is being stopped runs.
    if (event === undefined || event.job === null || event.type === 'job.stopping') continue;
    const state = event.type.slice('job.'.length);
    statuses[event.job % 2 ** 20] = shown[state] ?? state;
  }
  return statuses;
}
