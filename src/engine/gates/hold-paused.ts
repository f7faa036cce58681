import { writePlaces } from '../../domain/gates/places.js';
import { runOfJob } from '../../store/job-id.js';
import { changedJobsToHold, holdJobs, type JobToHold } from '../../store/statements/pauses.js';
import type { BatchContext } from '../context.js';
import { jobTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';

/**
 * Takes back the jobs of paused runs that this batch has made claimable or brought to a gate. It runs before claims are
 * served, so no claim gets them, and at the end of the batch. Without paused runs it does nothing.
 */
export async function holdPaused({ pauses }: BatchContext, batch: Batch): Promise<void> {
  const { runs } = pauses;
  if (runs.size === 0) return;
  const { changes, gates } = batch;
  const jobs = new Set<number>();
  for (const { type, run, job } of changes.events.slice(gates.pausesCheckedTo)) {
    if (run !== null && job !== null && runs.has(run) && becomesClaimable.has(type)) jobs.add(job);
  }
  gates.pausesCheckedTo = changes.events.length;
  for (const { job } of gates.jobs) if (runs.has(runOfJob(job))) jobs.add(job);
  if (jobs.size === 0) return;
  gates.forgetComers(jobs);
  const rows = [...jobs].sort((a, b) => a - b).map((id) => ({ id }));
  await holdAt(batch, await changedJobsToHold.run(batch.connection, { rows }), (run) => runs.get(run));
}

const becomesClaimable: ReadonlySet<string> = new Set(['job.queued', 'job.held']);

/** Holds locked jobs at the gates of their runs' pauses. They return the places that they have. */
export async function holdAt(
  batch: Batch,
  jobs: readonly JobToHold[],
  gateOf: (run: number) => number | undefined,
): Promise<void> {
  const { connection, changes, gates, wakeups } = batch;
  const old = new Map(jobs.map((job) => [job.id, job]));
  const rows = jobs.flatMap(({ id }) => {
    const gate = gateOf(runOfJob(id));
    return gate === undefined ? [] : [{ id, gate, places: writePlaces([{ gate, max: 0, sinceMs: null }]) }];
  });
  if (rows.length === 0) return;
  for (const { id } of await holdJobs.run(connection, { rows })) {
    const { state, places } = old.get(id) ?? { state: 'queued', places: null };
    gates.left(places);
    // One that a gate of its own held has told so already; one that this batch brings to its first gate has no places yet.
    if (state === 'queued' || places === null) changes.event('job.held', { run: runOfJob(id), job: id });
    wakeups.signals.add(jobTopic(id));
  }
  gates.pausesCheckedTo = changes.events.length;
}
