import type { EventData } from './apply-event.js';
import type { Model, Place } from './model.js';

/** A job becomes claimable, or comes to its first gate, for the first time or for a retry: from now on its time counts. */
export function beginQueueTimeout({ job }: Place, atMs: number): void {
  const { queueTimeoutSecs = null } = job.def;
  job.queueDueAtMs = queueTimeoutSecs === null ? null : atMs + queueTimeoutSecs * 1000;
}

/** A job that nobody claimed in time fails: without an attempt, and without a retry. */
export function applyQueueTimeout(
  model: Model,
  { job }: Place,
  atMs: number,
  data: EventData,
  refuse: (why: string) => void,
): void {
  if (job.state !== 'queued' && job.state !== 'held') refuse('it waits for no worker and at no gate');
  const dueAtMs = job.queueDueAtMs;
  if (dueAtMs === null) refuse('it has no queue timeout');
  else if (atMs < dueAtMs - model.waitErrorMsMax) refuse(`${dueAtMs - atMs} ms before its queue timeout`);
  if (data.error?.startsWith('queue timeout:') !== true) refuse(`its error is ${data.error}`);
  model.world.count(`queue timeout of a ${job.state} job`);
  job.state = 'failure';
}
