import { type ConditionContext, decideCondition } from '../../domain/condition/decide-condition.js';
import type { Condition } from '../../domain/condition/expression.js';
import { EvaluationError } from '../../domain/condition/functions.js';
import type { JobSpec } from '../../domain/definition/job-spec.js';
import { jobEvents } from '../../domain/events.js';
import { gatesOfJob, type JobGate } from '../../domain/gates/job-gates.js';
import { asChild, decideJobValues, type JobValues } from '../../domain/job-values.js';
import { labelsKey } from '../../domain/labels.js';
import { limits } from '../../domain/limits.js';
import type { Combination } from '../../domain/matrix/matrix-spec.js';
import { evaluateMatrix, evaluateMaxParallel } from '../../domain/matrix/parsed-matrix.js';
import { type Settlement, settleByCondition, settleByDefault } from '../../domain/settle.js';
import type { JobState } from '../../domain/states.js';
import type { Connection } from '../../store/connection.js';
import { isChild, jobIdOf, ordinalOfJob, runOfJob } from '../../store/job-id.js';
import { runsByNumber } from '../../store/statements/find-runs.js';
import { leaveWaiting, lowerOpenNeeds, markSettled, setComputed, setJobErrors } from '../../store/statements/jobs.js';
import { insertMatrices, openNodes } from '../../store/statements/matrices.js';
import { childValues } from '../../store/statements/matrix-children.js';
import { settledState } from '../../store/tables/jobs.js';
import type { BatchContext } from '../context.js';
import type { KnownJob } from '../memory/job-specs.js';
import { needResults } from '../memory/need-results.js';
import { factsOf, runValuesOf } from '../memory/run-info.js';
import { jobTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';
import { runLimits } from './limits.js';
import { setQueueDeadlinesOf } from './queue-deadlines.js';

/** A job that has just ended, as its dependents see it. */
export interface EndedJob {
  readonly job: number;
  readonly version: number;
  /** Whether it succeeded, or its failure counts as success. */
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
 * Propagates ended jobs to their dependents, and decides the dependents whose needs have all ended: they become
 * claimable, come to their first gate, or end too, which propagates further.
 */
export async function settleJobs(context: BatchContext, batch: Batch, ended: readonly EndedJob[]): Promise<void> {
  // A child has no dependents: its end changes the counters of its node.
  let ending = ended.filter(({ job }) => !isChild(job));
  let cascaded = 0;
  while (ending.length > 0) {
    const children = await batch.applyAfterLockWait(
      lowerOpenNeeds.run(batch.connection, {
        rows: ending.map(({ job, version, succeeded }) => ({
          run: runOfJob(job),
          version,
          ord: ordinalOfJob(job),
          bad: succeeded ? 0 : 1,
        })),
      }),
    );
    const met = children.filter((child) => child.pending === 0);
    ending = [
      ...heldNoLonger(ending, met),
      ...(await decideMetJobs(
        context,
        batch,
        met.filter((child) => child.state === 'waiting'),
      )),
    ];
    cascaded += ending.length;
    if (cascaded > runLimits.cascadeJobs) {
      await markSettled.run(batch.connection, {
        rows: ending.map(({ job }) => ({ id: job, settled: settledState.pending })),
      });
      batch.wakeups.leftUnsettled = true;
      return;
    }
  }
}

/** Jobs that were cancelled while they waited: their dependents learn of it after what the jobs needed has stopped. */
function heldNoLonger(ended: readonly EndedJob[], met: readonly { id: number; state: JobState }[]): EndedJob[] {
  const held = met.filter((child) => child.state === 'cancelled');
  if (held.length === 0) return [];
  const versions = new Map(ended.map(({ job, version }) => [runOfJob(job), version]));
  return held.map(({ id }) => ({ job: id, version: versions.get(runOfJob(id)) ?? 0, succeeded: false }));
}

/** Decides jobs whose needs have all ended; returns those that end. */
export async function decideMetJobs(context: BatchContext, batch: Batch, met: readonly MetJob[]): Promise<EndedJob[]> {
  if (met.length === 0) return [];
  const runs = await context.runs.get(
    batch,
    met.map((job) => runOfJob(job.id)),
  );
  const byCondition = await decideByCondition(
    context,
    batch,
    met.filter((job) => job.conditional !== 0),
  );
  const decisions = met.map((job): Decision & { job: MetJob } => ({
    job,
    ...(byCondition.get(job.id) ?? { state: settleByDefault(job.bad) }),
  }));
  const computed = decisions.flatMap(({ job, computed: of }) => (of === undefined ? [] : [{ id: job.id, ...of }]));
  if (computed.length > 0) await setComputed.run(batch.connection, { rows: computed });
  const open = decisions.filter(({ combinations }) => combinations !== undefined);
  if (open.length > 0) await openMatrices(batch, open);
  await leaveWaiting.run(batch.connection, {
    rows: decisions
      .filter(({ state }) => state !== 'open')
      .map(({ job, state }) => ({
        id: job.id,
        state,
        enqueued_at_ms: isToRun(state) ? batch.nowMs : null,
        ended_at_ms: isToRun(state) ? null : batch.nowMs,
      })),
  });
  const failed = decisions.flatMap(({ job, error, isTolerated = false }) =>
    error === undefined ? [] : [{ id: job.id, error, tolerated: isTolerated ? 1 : 0 }],
  );
  if (failed.length > 0) await setJobErrors.run(batch.connection, { rows: failed });
  await setQueueDeadlinesOf(
    batch,
    decisions.map(({ job, state, queueTimeoutSecs = null }) => ({
      job: job.id,
      queueTimeoutSecs: isToRun(state) ? queueTimeoutSecs : null,
    })),
  );
  const ended: EndedJob[] = [];
  for (const { job, state, error, isTolerated = false, computed, gates = [], combinations } of decisions) {
    const run = runOfJob(job.id);
    // The end of the batch decides whether it is claimable or waits for a place.
    if (state === 'held') {
      batch.gates.reached(job.id, gates);
      continue;
    }
    const data = isTolerated ? { error, tolerated: true } : { error };
    if (state === 'open') {
      batch.changes.event('job.open', { run, job: job.id, data: { children: combinations?.length ?? 0 } });
      batch.changes.claimedRuns.add(run);
      batch.wakeups.signals.add(jobTopic(job.id));
      continue;
    }
    batch.changes.event(jobEvents[state], { run, job: job.id, ...(error === undefined ? {} : { data }) });
    if (state === 'queued') {
      batch.wakeups.claimable.add(computed?.label_set ?? job.label_set);
      continue;
    }
    batch.changes.tally(job.id, isTolerated ? 'tolerated' : state);
    ended.push({ job: job.id, version: factsOf(runs, run).version, succeeded: isTolerated || state === 'success' });
    batch.wakeups.signals.add(jobTopic(job.id));
  }
  return ended;
}

/** Stores the combinations of jobs with a matrix, which open when they have any. Their children are made by `continueMatrices`. */
async function openMatrices(batch: Batch, nodes: readonly (Decision & { readonly job: MetJob })[]): Promise<void> {
  const rows = nodes.filter(({ state }) => state === 'open').map(({ job }) => ({ id: job.id }));
  if (rows.length > 0) await openNodes.run(batch.connection, { rows, nowMs: batch.nowMs });
  await insertMatrices.run(batch.connection, {
    rows: nodes.map(({ job, combinations = [], failFast = true }) => ({
      job: job.id,
      total: combinations.length,
      fail_fast: failFast ? 1 : 0,
      expand_from: combinations.length === 0 ? null : 0,
      combinations: combinations.length === 0 ? null : JSON.stringify(combinations),
    })),
  });
  batch.wakeups.leftMatrices = true;
}

async function decideByCondition(context: BatchContext, batch: Batch, jobs: readonly MetJob[]) {
  const decided = new Map<number, Decision>();
  if (jobs.length === 0) return decided;
  const runNumbers = [...new Set(jobs.map((job) => runOfJob(job.id)))];
  const runs = await context.runs.get(batch, runNumbers);
  const cancelled = (await runsByNumber.run(batch.connection, { rows: runNumbers.map((no) => ({ no })) })).filter(
    (run) => run.cancel_requested_at_ms !== null,
  );
  const cancelledRuns = new Set(cancelled.map(({ no }) => no));
  // In a large run, jobs of later ranges are decided before the cancel reaches them.
  const forcedRuns = new Set(cancelled.filter(({ cancel_forced }) => cancel_forced === 1).map(({ no }) => no));
  const places = jobs.map((job) => ({
    version: factsOf(runs, runOfJob(job.id)).version,
    ord: ordinalOfJob(job.id),
    run: runOfJob(job.id),
  }));
  const specs = await context.specs.get(batch.connection, places);
  const needs = await needResults(
    batch.connection,
    places.flatMap((place, at) => (specs[at] === undefined ? [] : [{ ...place, known: specs[at] }])),
  );
  const values = await valuesOfChildren(
    batch.connection,
    jobs.filter((_, at) => specs[at]?.child !== null),
  );
  const valuesOf = await runValuesOf(
    batch.connection,
    runs,
    specs.map((known, at) => ({ run: places[at]?.run ?? 0, known })),
  );
  const evaluated = new Map<number, JobValues>();
  jobs.forEach((job, at) => {
    const run = runOfJob(job.id);
    const known = specs[at];
    if (known === undefined) throw new Error(`job ${job.id} has no specification`);
    const context = {
      needs: needs.get(job.id) ?? new Map(),
      inputs: factsOf(runs, run).inputs,
      vars: factsOf(runs, run).vars,
      run: valuesOf(run),
      runCancelled: cancelledRuns.has(run),
      job: { key: known.key, index: known.child?.index ?? null, attempt: 0 },
      matrix: values.get(job.id) ?? {},
    };
    const { values: computed, ...decision } = decide(run, known, context, job.conditional, forcedRuns.has(run));
    decided.set(job.id, decision);
    if (computed !== null) evaluated.set(job.id, computed);
  });
  await numberLabelSets(context, batch, evaluated, decided);
  jobs.forEach(({ id }, at) => {
    const decision = decided.get(id);
    const isTolerated = specs[at]?.spec.continueOnError === true;
    if (decision?.state === 'failure' && isTolerated) decided.set(id, { ...decision, isTolerated });
  });
  return decided;
}

async function valuesOfChildren(
  connection: Connection,
  children: readonly MetJob[],
): Promise<Map<number, Combination>> {
  if (children.length === 0) return new Map();
  const rows = await childValues.run(connection, { rows: children.map(({ id }) => ({ id })) });
  return new Map(rows.map(({ id, matrix }) => [id, JSON.parse(matrix ?? '{}') as Combination]));
}

/** Finds the numbers of computed label sets, and stores new sets, up to a limit. */
export async function numberLabelSets(
  context: BatchContext,
  batch: Batch,
  evaluated: ReadonlyMap<number, JobValues>,
  decided: Map<number, Decision>,
): Promise<void> {
  if (evaluated.size === 0) return;
  const { labelSets } = context;
  const keys = new Set<string>();
  let room = Math.max(0, limits.labelSets - labelSets.size);
  for (const [job, { labels }] of evaluated) {
    const key = labelsKey(labels);
    const isNew = !labelSets.has(key) && !keys.has(key);
    if (isNew && room === 0) {
      const error = `labels: too_many_label_sets: the server has ${limits.labelSets} sets of required labels already`;
      decided.set(job, { state: 'failure', error });
      continue;
    }
    if (isNew) room--;
    keys.add(key);
  }
  const numbers = await labelSets.numbersIn(batch.connection, [...keys], (act) => batch.afterRollback.push(act));
  for (const [job, { labels, priority, name }] of evaluated) {
    const decision = decided.get(job);
    const labelSet = numbers.get(labelsKey(labels));
    if (decision === undefined || !isToRun(decision.state) || labelSet === undefined) continue;
    decided.set(job, { ...decision, computed: { label_set: labelSet, priority, name } });
  }
}

export interface Decision {
  /** `held`: it runs when it has passed its gates. */
  readonly state: Settlement | 'held' | 'failure' | 'open' | 'success';
  /** Why an expression has no value; only for a failure. */
  readonly error?: string;
  /** Whether its failure counts as success; absent when not. */
  readonly isTolerated?: boolean;
  /** Of a job with a matrix that opens, or that succeeds since there are none. */
  readonly combinations?: readonly Combination[];
  readonly failFast?: boolean;
  /** The evaluated expressions of a job that becomes claimable. */
  readonly computed?: { readonly label_set: number; readonly priority: number; readonly name: string };
  /** The gates that a held job passes, in order. */
  readonly gates?: readonly JobGate[];
  /** How long it may be claimable or held; absent or null for no limit. */
  readonly queueTimeoutSecs?: number | null;
}

function isToRun(state: Decision['state']): boolean {
  return state === 'queued' || state === 'held';
}

/** Decides by the condition, and evaluates the other expressions of a job that will run. */
function decide(
  run: number,
  { condition, spec, expressions, group, matrix, child }: KnownJob,
  context: ConditionContext,
  kind: number,
  isForced: boolean,
): Decision & { readonly values: JobValues | null } {
  try {
    // The condition held for its node, when it is a child.
    const isMet = child !== null || holds(condition, context);
    const state = settleByCondition(isMet, context.runCancelled, isForced, kind);
    if (state === 'queued' && matrix !== null && child === null) {
      const combinations = evaluateMatrix(matrix, context);
      evaluateMaxParallel(matrix, context);
      return { ...decideNode(spec, combinations), values: null };
    }
    const isComputed = state === 'queued' && expressions !== null;
    const computed = isComputed ? decideJobValues(spec, expressions, context) : null;
    const values = computed === null || child === null ? computed : asChild(spec, computed, context);
    const ofNode =
      child === null || matrix === null
        ? null
        : { node: jobIdOf(run, child.ord), max: evaluateMaxParallel(matrix, context) };
    const gates = state === 'queued' ? gatesOfJob(group, ofNode, context) : [];
    const queueTimeoutSecs = computed === null ? (spec.queueTimeoutSecs ?? null) : computed.queueTimeoutSecs;
    return { state: gates.length === 0 ? state : 'held', gates, queueTimeoutSecs, values };
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return { state: 'failure', error: error.message, values: null };
  }
}

function decideNode(spec: JobSpec, combinations: readonly Combination[]): Decision {
  const failFast = spec.matrix?.failFast !== false && spec.continueOnError !== true;
  return { state: combinations.length === 0 ? 'success' : 'open', combinations, failFast };
}

function holds(condition: Condition | null, context: ConditionContext): boolean {
  try {
    return decideCondition(condition, context);
  } catch (error) {
    throw error instanceof EvaluationError ? new EvaluationError(`if: ${error.message}`) : error;
  }
}
