import type { NeedResult } from '../../domain/condition/expression.js';
import type { JobSpec } from '../../domain/definition/job-spec.js';
import { quoted } from '../../domain/why.js';
import { ordinalOfJob, runOfJob } from '../../store/job-id.js';
import { type EndedNeed as EndedNeedRow, endedNeeds, needErrorChars } from '../../store/statements/claims.js';
import type { BatchContext } from '../context.js';
import { makeLeaseId } from '../leases/lease-id.js';
import type { KnownJob } from '../memory/job-specs.js';
import { factsOf, type RunInfo } from '../memory/run-info.js';
import type { Batch } from '../writer/batch.js';
import type { ClaimedJob, EndedNeed } from './claim.js';
import { claimLimits } from './limits.js';

/** Approximate characters of a need on the wire, besides its key and its error. */
const needChars = 80;

/** What a job gets from its needs. */
export interface Upstream {
  /** Outputs of successful needs, by key. */
  readonly outputs: Map<string, Map<string, string>>;
  readonly needs: Map<string, EndedNeed>;
}

const nothing: Upstream = { outputs: new Map(), needs: new Map() };

/** The results of each job's needs, with outputs. Only jobs with needs cost a row. */
export async function upstreamOf(
  batch: Batch,
  runs: ReadonlyMap<number, RunInfo>,
  taken: readonly { job: { id: number } }[],
  known: readonly KnownJob[],
): Promise<Map<number, Upstream>> {
  const upstream = new Map<number, Upstream>();
  const needing = taken.filter((_, at) => specAt(known, at).needs > 0);
  if (needing.length === 0) return upstream;
  const knownOf = new Map(taken.map(({ job }, at) => [job.id, specAt(known, at)]));
  const rows = await endedNeeds.run(batch.connection, {
    rows: needing.map(({ job }) => {
      const { version, ord } = needsPlaceOf(runs, job.id, knownOf.get(job.id));
      return { job: job.id, run: runOfJob(job.id), version, ord };
    }),
  });
  const errorChars = new Map<number, number>();
  for (const row of rows) {
    let ofJob = upstream.get(row.job);
    if (ofJob === undefined) {
      ofJob = { outputs: new Map(), needs: new Map() };
      upstream.set(row.job, ofJob);
    }
    const charsBefore = errorChars.get(row.job) ?? 0;
    const need = toEndedNeed(row, Math.max(0, claimLimits.needErrorsChars - charsBefore));
    if (need.error !== null) errorChars.set(row.job, charsBefore + need.error.length);
    ofJob.needs.set(row.key, need);
    // A job with a matrix has outputs, those of its children, also when it failed.
    if (row.state !== 'success' && row.outputs === null) continue;
    ofJob.outputs.set(row.key, row.outputs === null ? new Map() : new Map(Object.entries(JSON.parse(row.outputs))));
  }
  return upstream;
}

function toEndedNeed(row: EndedNeedRow, charsLeft: number): EndedNeed {
  const isTimed = row.started_at_ms !== null && row.ended_at_ms !== null;
  return {
    result: row.state as NeedResult,
    isTolerated: row.tolerated === 1,
    error: row.error === null ? null : quoted(row.error, Math.min(needErrorChars, charsLeft)),
    attempt: row.attempt,
    durationMs: isTimed ? Math.max(0, Number(row.ended_at_ms) - Number(row.started_at_ms)) : null,
  };
}

/** What a worker gets for an attempt, at its first claim and whenever that is repeated. */
export function toClaimedJob(
  context: BatchContext,
  from: {
    of: KnownJob;
    /** Its specification with evaluated expressions. */
    spec: JobSpec;
    facts: RunInfo;
    job: number;
    attempt: number;
    secret: string;
    ttlMs: number;
    grantedAtMs: number;
    workerId: string;
    enqueuedAtMs: number;
    delayedUntilMs: number | null;
    upstream: Upstream | undefined;
    /** Of a child: its values as JSON. */
    matrix: string | null;
  },
): ClaimedJob {
  const { upstream = nothing } = from;
  return {
    leaseId: makeLeaseId(from.job, from.attempt, from.secret),
    ttlSecs: from.ttlMs / 1000,
    stopGraceSecs: context.stopGraceMs / 1000,
    grantedAtMs: from.grantedAtMs,
    workerId: from.workerId,
    runId: from.facts.id,
    workflowId: from.facts.workflowId,
    jobKey: from.of.key,
    attempt: from.attempt,
    enqueuedAtMs: from.enqueuedAtMs,
    delayedUntilMs: from.delayedUntilMs,
    traceparent: context.tracing?.traceparent(from.facts, from.of.key, from.attempt) ?? null,
    inputs: from.facts.inputs,
    upstreamOutputs: upstream.outputs,
    needs: upstream.needs,
    spec: from.spec,
    child: from.of.child === null ? null : { ...from.of.child, matrix: from.matrix ?? '{}' },
    bytes:
      from.of.specChars + computedChars(from.of.spec, from.spec) + from.facts.inputsChars + upstreamChars(upstream),
  };
}

/** How much longer a specification became by its evaluated expressions. */
function computedChars(written: JobSpec, spec: JobSpec): number {
  return spec === written ? 0 : 2 * Math.max(0, spec.command.length - written.command.length);
}

function upstreamChars({ outputs, needs }: Upstream): number {
  let chars = 0;
  for (const ofNeed of outputs.values()) for (const [key, value] of ofNeed) chars += key.length + value.length;
  for (const [key, { error }] of needs) chars += key.length + needChars + (error?.length ?? 0);
  return chars;
}

/** Where the specification of a job is stored. */
export function placeOf(runs: ReadonlyMap<number, RunInfo>, job: number): { version: number; ord: number } {
  return { version: factsOf(runs, runOfJob(job)).version, ord: ordinalOfJob(job) };
}

/** Where the needs of a job are found: a child has those of its node. */
export function needsPlaceOf(
  runs: ReadonlyMap<number, RunInfo>,
  job: number,
  known: KnownJob | undefined,
): { version: number; ord: number } {
  const { version, ord } = placeOf(runs, job);
  return { version, ord: known?.child?.ord ?? ord };
}

export function specAt(known: readonly KnownJob[], at: number): KnownJob {
  const of = known[at];
  if (of === undefined) throw new Error(`no specification was loaded at ${at}`);
  return of;
}
