import { jobIdOf, ordinalOfJob, runOfJob } from '../store/job-id.js';
import { upstreamOutputs } from '../store/statements/claims.js';
import type { Batch } from './batch.js';
import type { Knowledge } from './context.js';
import type { ClaimedJob } from './engine.js';
import type { KnownJob } from './job-specs.js';
import { makeLeaseId } from './lease-id.js';
import { factsOf, type RunFacts } from './run-facts.js';

/** The outputs of what each job needs; only jobs that need something cost a row. */
export async function upstreamOf(
  batch: Batch,
  runs: ReadonlyMap<number, RunFacts>,
  taken: readonly { job: { id: number } }[],
  known: readonly KnownJob[],
): Promise<Map<number, Map<string, Map<string, string>>>> {
  const outputs = new Map<number, Map<string, Map<string, string>>>();
  const needing = taken.filter((_, at) => specAt(known, at).needs > 0);
  if (needing.length === 0) return outputs;
  const rows = await upstreamOutputs.run(batch.connection, {
    rows: needing.map(({ job }) => {
      const { version, ord } = placeOf(runs, job.id);
      return [jobIdOf(runOfJob(job.id), ord), runOfJob(job.id), version, ord];
    }),
  });
  for (const row of rows) {
    let ofJob = outputs.get(row.job);
    if (ofJob === undefined) {
      ofJob = new Map();
      outputs.set(row.job, ofJob);
    }
    ofJob.set(row.key, row.outputs === null ? new Map() : new Map(Object.entries(JSON.parse(row.outputs))));
  }
  return outputs;
}

/** What a worker is handed for an attempt, the first time and whenever its claim is repeated. */
export function toClaimedJob(
  knowledge: Knowledge,
  from: {
    of: KnownJob;
    facts: RunFacts;
    job: number;
    attempt: number;
    secret: string;
    ttlMs: number;
    grantedAtMs: number;
    workerId: string;
    enqueuedAtMs: number;
    delayedUntilMs: number | null;
    upstream: ReadonlyMap<string, ReadonlyMap<string, string>> | undefined;
  },
): ClaimedJob {
  return {
    leaseId: makeLeaseId(from.job, from.attempt, from.secret),
    ttlSecs: from.ttlMs / 1000,
    grantedAtMs: from.grantedAtMs,
    workerId: from.workerId,
    runId: from.facts.id,
    workflowId: from.facts.workflowId,
    jobKey: from.of.key,
    attempt: from.attempt,
    enqueuedAtMs: from.enqueuedAtMs,
    delayedUntilMs: from.delayedUntilMs,
    traceparent: knowledge.tracing?.traceparent(from.facts, from.of.key, from.attempt) ?? null,
    inputs: from.facts.inputs,
    upstreamOutputs: from.upstream ?? new Map(),
    spec: from.of.spec,
  };
}

/** Where the definition of a job is found. */
export function placeOf(runs: ReadonlyMap<number, RunFacts>, job: number): { version: number; ord: number } {
  return { version: factsOf(runs, runOfJob(job)).version, ord: ordinalOfJob(job) };
}

export function specAt(known: readonly KnownJob[], at: number): KnownJob {
  const of = known[at];
  if (of === undefined) throw new Error(`no specification was loaded at ${at}`);
  return of;
}
