import { type ConditionContext, decideCondition } from '../domain/condition/decide-condition.js';
import { settleByCondition, settleByDefault } from '../domain/settle.js';
import { hasEnded } from '../domain/states.js';
import { jobIdOf, ordinalOfJob, runOfJob } from '../store/job-id.js';
import { leaveWaiting, lowerOpenNeeds, markSettled, needsOfJobs } from '../store/statements/jobs.js';
import { runsByNumber } from '../store/statements/runs.js';
import type { Batch } from './batch.js';
import type { Knowledge } from './context.js';
import { factsOf } from './run-facts.js';
import { jobTopic } from './topics.js';

/** A job that has just ended, seen from those that need it. */
export interface EndedJob {
  readonly job: number;
  readonly version: number;
  readonly succeeded: boolean;
}

/** A waiting job whose needs have all ended. */
export interface MetJob {
  readonly id: number;
  readonly bad: number;
  readonly conditional: number;
  readonly label_set: number;
}

/**
 * How many jobs one transaction ends in cascade. A chain of 100,000 jobs whose first fails is skipped in many
 * transactions, so that nobody else waits for it. What is left is marked in the store and taken up by the next.
 */
const cascadeMax = 2_000;

/**
 * Tells the jobs that need the ended ones, and decides those whose needs have all ended: they become claimable, or they
 * end themselves, which tells others in turn.
 */
export async function settleJobs(knowledge: Knowledge, batch: Batch, ended: readonly EndedJob[]): Promise<void> {
  let telling = ended;
  let cascaded = 0;
  while (telling.length > 0) {
    const children = await batch.waitingFor(
      lowerOpenNeeds.run(batch.connection, {
        rows: telling.map((end) => [runOfJob(end.job), end.version, ordinalOfJob(end.job), end.succeeded ? 0 : 1]),
      }),
    );
    const met = children.filter((child) => child.pending === 0);
    telling = met.length === 0 ? [] : await decideMetJobs(knowledge, batch, met);
    cascaded += telling.length;
    if (cascaded > cascadeMax) {
      await markSettled.run(batch.connection, { rows: telling.map((end) => [end.job, 0]) });
      batch.leftUnsettled = true;
      return;
    }
  }
}

/** Decides jobs whose needs have all ended; returns those that ended by it. */
export async function decideMetJobs(knowledge: Knowledge, batch: Batch, met: readonly MetJob[]): Promise<EndedJob[]> {
  const runs = await knowledge.runs.get(
    batch,
    met.map((job) => runOfJob(job.id)),
  );
  const byCondition = await decideByCondition(
    knowledge,
    batch,
    met.filter((job) => job.conditional !== 0),
  );
  const decisions = met.map((job) => ({ job, state: byCondition.get(job.id) ?? settleByDefault(job.bad) }));
  await leaveWaiting.run(batch.connection, {
    rows: decisions.map(({ job, state }) => [
      job.id,
      state,
      state === 'queued' ? batch.nowMs : null,
      state === 'queued' ? null : batch.nowMs,
    ]),
  });
  const ended: EndedJob[] = [];
  for (const { job, state } of decisions) {
    const run = runOfJob(job.id);
    batch.event(`job.${state}`, { run, job: job.id });
    if (state === 'queued') {
      batch.claimable.add(job.label_set);
      continue;
    }
    batch.tally(run, state);
    ended.push({ job: job.id, version: factsOf(runs, run).version, succeeded: false });
    batch.signals.add(jobTopic(job.id));
  }
  return ended;
}

async function decideByCondition(knowledge: Knowledge, batch: Batch, jobs: readonly MetJob[]) {
  const decided = new Map<number, ReturnType<typeof settleByCondition>>();
  if (jobs.length === 0) return decided;
  const runNumbers = [...new Set(jobs.map((job) => runOfJob(job.id)))];
  const runs = await knowledge.runs.get(batch, runNumbers);
  const cancelled = new Set(
    (await runsByNumber.run(batch.connection, { rows: runNumbers.map((no) => [no]) }))
      .filter((run) => run.cancel_requested_at_ms !== null)
      .map((run) => run.no),
  );
  const places = jobs.map((job) => ({
    version: factsOf(runs, runOfJob(job.id)).version,
    ord: ordinalOfJob(job.id),
    run: runOfJob(job.id),
  }));
  const specs = await knowledge.specs.get(batch.connection, places);
  const needs = await needsOf(batch, places);
  jobs.forEach((job, at) => {
    const run = runOfJob(job.id);
    const condition = specs[at]?.condition ?? null;
    const holds = decideCondition(condition, {
      needs: needs.get(job.id) ?? new Map(),
      inputs: factsOf(runs, run).inputs,
      runCancelled: cancelled.has(run),
    });
    decided.set(job.id, settleByCondition(holds, cancelled.has(run), job.conditional));
  });
  return decided;
}

async function needsOf(batch: Batch, places: readonly { run: number; version: number; ord: number }[]) {
  const byJob = new Map<number, Map<string, { result: NeedResult; outputs: Record<string, string> }>>();
  const rows = await needsOfJobs.run(batch.connection, {
    rows: places.map(({ run, version, ord }) => [jobIdOf(run, ord), run, version, ord]),
  });
  for (const row of rows) {
    if (!hasEnded(row.state)) throw new Error(`job ${row.job} is decided while its need ${row.key} is ${row.state}`);
    let needs = byJob.get(row.job);
    if (needs === undefined) {
      needs = new Map();
      byJob.set(row.job, needs);
    }
    const outputs = row.outputs === null ? {} : (JSON.parse(row.outputs) as Record<string, string>);
    needs.set(row.key, { result: row.state as NeedResult, outputs });
  }
  return byJob;
}

type NeedResult = ConditionContext['needs'] extends ReadonlyMap<string, { readonly result: infer R }> ? R : never;
