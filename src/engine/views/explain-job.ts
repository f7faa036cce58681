import type { RunValues } from '../../domain/condition/evaluate.js';
import { outputReferences } from '../../domain/condition/references.js';
import { notFound } from '../../domain/errors.js';
import { ownField } from '../../domain/json.js';
import { hasCondition } from '../../domain/settle.js';
import { type JobState, type JobStatus, jobStatus } from '../../domain/states.js';
import { readVariables } from '../../domain/variables.js';
import { explainJob, quoted } from '../../domain/why.js';
import type { AttemptFact, NeedFact, WhyFacts } from '../../domain/why-facts.js';
import type { NeedState, WhyReason } from '../../domain/why-reason.js';
import { sentenceOf } from '../../domain/why-sentence.js';
import type { Connection } from '../../store/connection.js';
import { ordinalOfJob } from '../../store/job-id.js';
import { type RunRow, runContexts } from '../../store/statements/find-runs.js';
import { jobResults } from '../../store/statements/job-results.js';
import { rerunOfGeneration } from '../../store/statements/reruns.js';
import {
  attemptsOfJob,
  badNeeds,
  cancelRequest,
  firstClaimable,
  needsOfJob,
  type WhyAttemptRow,
  type WhyJobRow,
  whyChild,
  whyJob,
} from '../../store/statements/why.js';
import { settledState } from '../../store/tables/jobs.js';
import type { EngineContext } from '../context.js';
import { heldAtGate, jobHeldAtGate, pausesOfLabels } from '../gates/held-at-gate.js';
import { gapOf } from '../leases/trim-log.js';
import type { KnownJob } from '../memory/job-specs.js';
import { runValues } from '../memory/run-info.js';
import { findChild } from '../runs/find-child.js';
import { findRun } from '../runs/find-run.js';
import { childrenOfJobs, firstFailedChild } from './children.js';
import { viewLimits } from './limits.js';
import { nameOfToken } from './name-of-token.js';
import { loadWorkerFacts } from './worker-facts.js';

const { quotedChars } = viewLimits;

/** Longer than any text. */
const wholeChars = 2 ** 31 - 1;

/** Data of a cancel request's event. */
export interface CancelData {
  readonly by?: string | null;
  readonly superseded_by?: string;
  /** `run_timeout` when nobody asked for it. */
  readonly reason?: string;
}

/** Tries to read a job that changes state during the read. */
const readingTries = 5;

/** Why a job is in its state. */
export interface JobExplanation {
  readonly runId: string;
  readonly workflowId: string;
  readonly jobKey: string;
  readonly status: JobStatus;
  readonly atMs: number;
  /** The main reason first. */
  readonly reasons: readonly { readonly reason: WhyReason; readonly sentence: string }[];
  /** Oldest first: the newest hundred with the beginnings of their error texts, or the requested one. */
  readonly attempts: readonly AttemptFact[];
}

type ChildrenFacts = Pick<WhyFacts['job'], 'children' | 'failedChild'>;

const noChildren: ChildrenFacts = { children: null, failedChild: null };

/** Explains why a job waits, was retried, was skipped, failed, or is in any other state. */
export function explainJobVerb(context: EngineContext) {
  const { store, environment } = context;

  async function loadJob(run: RunRow, key: string): Promise<WhyJobRow> {
    const job = await whyJobByKey(store.read, run, key);
    if (job === null) throw notFound(`job ${JSON.stringify(key)} of run ${run.id}`);
    return job;
  }

  /** Reads the facts that the job's state follows from; skips those that cannot matter in that state. */
  async function loadFacts(run: RunRow, job: WhyJobRow): Promise<WhyFacts> {
    const [known] = await context.specs.get(store.read, [{ version: run.version, ord: ordinalOfJob(job.id) }]);
    if (known === undefined) throw new Error(`job ${job.id} has no specification`);
    const newest = { job: job.id, upTo: job.attempt };
    const attempts = await attemptsOfJob.run(store.read, {
      ...newest,
      limit: viewLimits.attempts,
      errorChars: quotedChars + 1,
    });
    // The main reason quotes the newest attempt's whole error.
    const [last] = await attemptsOfJob.run(store.read, { ...newest, limit: 1, errorChars: wholeChars });
    const requiredLabels = known.expressions === null ? known.spec.labels : context.labelSets.labelsOf(job.label_set);
    const isQueued = job.state === 'queued';
    return {
      nowMs: environment.now(),
      job: {
        state: job.state,
        attempt: job.attempt,
        conditional: job.conditional,
        enqueuedAtMs: job.enqueued_at_ms,
        delayedUntilMs: job.delayed_until_ms,
        endedAtMs: job.ended_at_ms,
        error: job.error,
        isTolerated: job.tolerated === 1,
        maxRetries: known.spec.retry.maxRetries,
        retryOn: known.spec.retry.on ?? null,
        budgetFrom: job.budget_from,
        requiredLabels,
        ...(known.matrix === null || known.child !== null ? noChildren : await loadChildren(run, job)),
      },
      condition: known.condition,
      inputs: JSON.parse(run.inputs) as Record<string, string>,
      heldAt: job.state === 'held' ? await jobHeldAtGate(context, job.id) : await loadHeld(run),
      run: await loadRunValues(run, known),
      vars: readVariables(run.vars),
      cancel: run.cancel_requested_at_ms === null ? null : await loadCancel(run, run.cancel_requested_at_ms),
      needs: await loadNeeds(run, job, known),
      rerun: job.generation === 1 ? null : await loadRerun(run, job.generation),
      origins: await loadOrigins(run, job),
      attempts: [...(last === undefined ? [] : [last]), ...attempts.slice(1)].map(toAttemptFact).reverse(),
      workers: isQueued ? await loadWorkerFacts(context, requiredLabels) : [],
      ahead: isQueued ? await countAhead(job) : null,
      pausedLabel: isQueued ? ((await pausesOfLabels(context, requiredLabels))[0] ?? null) : null,
    };
  }

  async function loadChildren(run: RunRow, { id }: WhyJobRow): Promise<ChildrenFacts> {
    const children = (await childrenOfJobs(store.read, [id])).get(id) ?? null;
    if (children === null || children.failed === 0) return { children, failedChild: null };
    return { children, failedChild: await firstFailedChild(store.read, run, id) };
  }

  async function loadHeld(run: RunRow): Promise<WhyFacts['heldAt']> {
    return run.held === 1 ? heldAtGate(context, run.no) : null;
  }

  async function loadRunValues(run: RunRow, { namesRunContext }: KnownJob): Promise<RunValues> {
    const values = runValues({
      id: run.id,
      workflowId: run.workflow_id,
      name: run.name,
      trigger: run.trigger,
      scheduledAtMs: run.scheduled_at_ms,
    });
    if (!namesRunContext) return values;
    const [row] = await runContexts.run(store.read, { rows: [{ no: run.no }] });
    return { ...values, generation: run.generation, started_by: row?.started_by ?? null };
  }

  async function loadCancel(run: RunRow, atMs: number): Promise<NonNullable<WhyFacts['cancel']>> {
    const [event] = await cancelRequest.run(store.longRead, { run: run.no, sinceMs: atMs });
    const { by = null, superseded_by: supersededBy = null, reason } = JSON.parse(event?.data ?? '{}') as CancelData;
    return { atMs, by: await nameOfToken(context, by), supersededBy, isTimeout: reason === 'run_timeout' };
  }

  async function loadRerun(run: RunRow, generation: number): Promise<WhyFacts['rerun']> {
    const [rerun] = await rerunOfGeneration.run(store.read, { run: run.no, generation });
    if (rerun === undefined) return null;
    return { generation, atMs: rerun.at_ms, by: await nameOfToken(context, rerun.requested_by) };
  }

  async function loadNeeds(run: RunRow, job: WhyJobRow, known: KnownJob): Promise<NeedFact[]> {
    const decided = job.state === 'skipped' && hasCondition(job.conditional);
    if (known.needs === 0 || (job.state !== 'waiting' && job.state !== 'skipped')) return [];
    const rows = await needsOfJob.run(store.longRead, {
      run: run.no,
      version: run.version,
      ord: ordinalOfJob(job.id),
    });
    const outputs = decided ? await loadOutputs(known, rows) : new Map<string, Record<string, string>>();
    return rows.map(({ key, state, settled, tolerated }) => ({
      jobKey: key,
      state,
      isTolerated: tolerated === 1,
      isHeld: settled === settledState.held,
      outputs: outputs.get(key) ?? {},
    }));
  }

  /**
   * The beginnings of the outputs that the job's condition uses, by need. A need has up to a megabyte of outputs, so
   * needs are read one after the other, and only the shown part is kept.
   */
  async function loadOutputs(
    { condition }: KnownJob,
    needs: readonly { readonly id: number; readonly key: string }[],
  ): Promise<Map<string, Record<string, string>>> {
    const found = new Map<string, Record<string, string>>();
    const wanted = Map.groupBy(condition === null ? [] : outputReferences(condition), ({ job }) => job);
    for (const { id, key } of needs) {
      const references = wanted.get(key);
      if (references === undefined) continue;
      const [row] = await jobResults.run(store.longRead, { rows: [{ id }] });
      const outputs = JSON.parse(row?.outputs ?? '{}') as Record<string, string>;
      const shown = references.flatMap(({ key: name }) => {
        const value = ownField(outputs, name);
        return typeof value === 'string' ? [[name, value.slice(0, quotedChars + 1)]] : [];
      });
      found.set(key, Object.fromEntries(shown) as Record<string, string>);
    }
    return found;
  }

  /** Follows skipped needs up to the origin. Direct needs are not named again. */
  async function loadOrigins(run: RunRow, job: WhyJobRow): Promise<NeedState[]> {
    if (job.state !== 'skipped' || hasCondition(job.conditional)) return [];
    const origins = new Map<number, NeedState>();
    const seen = new Set<number>();
    let looking = [ordinalOfJob(job.id)];
    for (let step = 0; step < viewLimits.originSteps && looking.length > 0; step++) {
      const rows = await badNeeds.run(store.longRead, {
        run: run.no,
        version: run.version,
        rows: looking.map((ord) => ({ ord })),
        limit: viewLimits.originJobs,
      });
      const fresh = rows.filter(({ ord }) => !seen.has(ord));
      for (const { ord } of fresh) seen.add(ord);
      const isPassedOn = (row: { state: JobState; conditional: number }) =>
        row.state === 'skipped' && !hasCondition(row.conditional);
      if (step > 0) {
        for (const row of fresh) {
          if (!isPassedOn(row)) origins.set(row.ord, { jobKey: row.key, state: row.state });
        }
      }
      looking = fresh.filter(isPassedOn).map(({ ord }) => ord);
    }
    return [...origins].sort(([a], [b]) => a - b).map(([, origin]) => origin);
  }

  async function countAhead(job: WhyJobRow): Promise<NonNullable<WhyFacts['ahead']>> {
    const first = await firstClaimable.run(store.read, { labelSet: job.label_set, limit: viewLimits.jobsAhead + 1 });
    const place = first.findIndex(({ id }) => id === job.id);
    if (place >= 0) return { count: place, isBound: false };
    return { count: Math.min(first.length, viewLimits.jobsAhead), isBound: first.length > viewLimits.jobsAhead };
  }

  async function wholeAttempt(job: WhyJobRow, number: number): Promise<AttemptFact> {
    const rows = await attemptsOfJob.run(store.read, { job: job.id, upTo: number, limit: 1, errorChars: wholeChars });
    const row = rows.find((attempt) => attempt.number === number);
    if (row === undefined) throw notFound(`attempt ${number} of this job`);
    return toAttemptFact(row);
  }

  /**
   * @param attempt number of the only attempt to show, with its whole error text; null for all
   *
   * Errors: `not_found`.
   */
  return async (id: string, jobKey: string, attempt: number | null = null): Promise<JobExplanation> => {
    for (let tries = 1; ; tries++) {
      const run = await findRun(context, id);
      const job = await loadJob(run, jobKey);
      const facts = await loadFacts(run, job);
      const now = await loadJob(run, jobKey);
      // The facts come from several reads; together they hold only if the job did not change.
      const hasChanged = now.state !== job.state || now.attempt !== job.attempt || now.generation !== job.generation;
      if (hasChanged && tries < readingTries) continue;
      return {
        runId: run.id,
        workflowId: run.workflow_id,
        jobKey,
        status: jobStatus(job.state),
        atMs: facts.nowMs,
        reasons: explainJob(facts).map((reason) => ({ reason, sentence: sentenceOf(reason, facts.nowMs) })),
        attempts: attempt === null ? facts.attempts.map(shortened) : [await wholeAttempt(job, attempt)],
      };
    }
  };
}

/** A job of a run or a child of one, by its key; null when there is none. */
export async function whyJobByKey(connection: Connection, run: RunRow, key: string): Promise<WhyJobRow | null> {
  const [job] = await whyJob.run(connection, { run: run.no, version: run.version, key });
  if (job !== undefined) return job;
  const child = await findChild(connection, run, key);
  return child === null ? null : ((await whyChild.run(connection, { id: child.id }))[0] ?? null);
}

/** With the beginning of its error text. */
export function shortened(attempt: AttemptFact): AttemptFact {
  return { ...attempt, error: attempt.error === null ? null : quoted(attempt.error, quotedChars) };
}

export function toAttemptFact(row: WhyAttemptRow): AttemptFact {
  return {
    number: row.number,
    workerId: row.worker_id,
    claimedAtMs: row.claimed_at_ms,
    endedAtMs: row.ended_at_ms,
    outcome: row.outcome,
    error: row.error,
    exitCode: row.exit_code,
    expiresAtMs: row.expires_at_ms,
    timeoutAtMs: row.timeout_at_ms,
    logMissingBytes: gapOf(row)?.bytes ?? null,
    logBytes: row.log_bytes,
    stop:
      row.stop_reason === null || row.stop_by_ms === null ? null : { reason: row.stop_reason, byMs: row.stop_by_ms },
  };
}
