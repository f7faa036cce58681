import { EvaluationError } from '../../domain/condition/functions.js';
import { jobEvents } from '../../domain/events.js';
import { gatesOfJob } from '../../domain/gates/job-gates.js';
import { decideJobValues, type JobValues, nameOfChild } from '../../domain/job-values.js';
import { exceedsBytes, limits } from '../../domain/limits.js';
import { childName, joinOutputs, nodeResult } from '../../domain/matrix/child.js';
import type { Combination } from '../../domain/matrix/matrix-spec.js';
import { evaluateMaxParallel } from '../../domain/matrix/parsed-matrix.js';
import { conditionKind } from '../../domain/settle.js';
import { jobIdOf, ordinalOfJob } from '../../store/job-id.js';
import { cancelJobs, cancelLiveAttempts } from '../../store/statements/jobs.js';
import {
  clearToDoIfUnchanged,
  closeNode,
  lockMatrixToExpand,
  type MatrixToDo,
  matricesToDo,
  setCancelChildrenFrom,
  setDecideFrom,
  setExpandFrom,
} from '../../store/statements/matrices.js';
import { insertChildren, outputsOfChildren } from '../../store/statements/matrix-children.js';
import type { BatchContext, EngineContext } from '../context.js';
import type { KnownJob } from '../memory/job-specs.js';
import { needResults } from '../memory/need-results.js';
import { factsOf, runValuesOf } from '../memory/run-info.js';
import { jobTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import { ContinuedWork } from './continued-work.js';
import { decideRoots } from './large-run.js';
import { runLimits } from './limits.js';
import { noteCancelled } from './note-cancelled.js';
import { setQueueDeadlinesOf } from './queue-deadlines.js';
import { type Decision, numberLabelSets, settleJobs } from './settle-jobs.js';

/**
 * Does the work that is marked in the rows of jobs with a matrix: creates children in ranges, cancels them after a
 * failure or a cancel, and closes nodes whose children have all ended.
 */
export function continueMatrices(context: EngineContext): ContinuedWork {
  return new ContinuedWork(
    context,
    continueMatricesOperation(context),
    'could not continue jobs with a matrix; retrying',
  );
}

function continueMatricesOperation(context: BatchContext): Operation<null, { more: boolean }> {
  return {
    name: 'continue-matrices',
    keyOf: () => 0,
    async apply(batch) {
      const nodes = await matricesToDo.run(batch.connection, { limit: runLimits.nodesPerTransaction });
      let room = runLimits.childrenPerTransaction;
      let done = 0;
      for (const node of nodes) {
        const children = await takeStep(context, batch, node);
        if (children !== null) done++;
        room -= children ?? 0;
        if (room <= 0) break;
      }
      return [{ more: done > 0 }];
    },
  };
}

/** Does the next step of a node. Returns the number of children it affected, or null if another server does it. */
async function takeStep(context: BatchContext, batch: Batch, node: MatrixToDo): Promise<number | null> {
  const [known] = await context.specs.get(batch.connection, [{ version: node.version, ord: ordinalOfJob(node.job) }]);
  const { matrix } = known?.spec ?? {};
  if (known === undefined || matrix === undefined) throw new Error(`job ${node.job} has no matrix`);
  const firstChild = jobIdOf(node.run, matrix.childrenFrom);
  if (node.state !== 'open') {
    await clearToDo(batch, node);
    return 0;
  }
  if (node.expand_from !== null) return expand(context, batch, node, known, firstChild, node.expand_from);
  const range = (from: number) => ({
    from,
    to: from + runLimits.childrenPerTransaction < node.total ? from + runLimits.childrenPerTransaction : null,
  });
  if (node.cancel_from !== null) {
    const { from, to } = range(node.cancel_from);
    await cancelChildren(context, batch, node, firstChild + from, firstChild + (to ?? node.total));
    await setCancelChildrenFrom.run(batch.connection, { job: node.job, from, to });
    return runLimits.childrenPerTransaction;
  }
  if (node.decide_from !== null) {
    const { from, to } = range(node.decide_from);
    const first = matrix.childrenFrom;
    await decideRoots(context, batch, node.run, first + from, first + (to ?? node.total));
    await setDecideFrom.run(batch.connection, { job: node.job, from, to });
    return runLimits.childrenPerTransaction;
  }
  if (node.open === 0) await close(context, batch, node, known, firstChild);
  else await clearToDo(batch, node);
  return Math.ceil(node.total / 10);
}

/** Nothing is left to do about a node as it was read. */
async function clearToDo(
  batch: Batch,
  { job, open, expand_from, decide_from, cancel_from }: MatrixToDo,
): Promise<void> {
  await clearToDoIfUnchanged.run(batch.connection, {
    job,
    open,
    expandFrom: expand_from ?? -1,
    decideFrom: decide_from ?? -1,
    cancelFrom: cancel_from ?? -1,
  });
}

/** Creates a range of children. After a cancel they are created as cancelled, so that the node has all of them. */
async function expand(
  context: BatchContext,
  batch: Batch,
  node: MatrixToDo,
  known: KnownJob,
  firstChild: number,
  from: number,
): Promise<number | null> {
  const [row] = await lockMatrixToExpand.run(batch.connection, { job: node.job, from });
  if (row === undefined) return null;
  const all = JSON.parse(row.combinations ?? '[]') as Combination[];
  const to = Math.min(from + runLimits.childrenPerTransaction, row.total);
  const combinations = all.slice(from, to);
  const isCancelled = row.cancel_from !== null;
  const children = isCancelled ? [] : await decideChildren(context, batch, node, known, firstChild, from, combinations);
  const isTolerated = known.spec.continueOnError === true;
  await insertChildren.run(batch.connection, {
    rows: combinations.map((combination, at) => {
      const { state, error, computed } = children[at] ?? cancelledChild;
      const isQueued = state === 'queued' || state === 'held';
      return {
        id: firstChild + from + at,
        label_set: computed?.label_set ?? noLabelSet,
        priority: computed?.priority ?? known.spec.priority,
        state,
        conditional: node.conditional,
        enqueued_at_ms: isQueued ? batch.nowMs : null,
        ended_at_ms: isQueued ? null : batch.nowMs,
        error: error ?? null,
        name: computed?.name ?? childName(known.spec.name, combination),
        tolerated: state === 'failure' && isTolerated ? 1 : 0,
        generation: node.generation,
        group_ord: ordinalOfJob(node.job),
        idx: from + at,
        matrix: JSON.stringify(combination),
      };
    }),
  });
  await setQueueDeadlinesOf(
    batch,
    children.map(({ queueTimeoutSecs = null }, at) => ({ job: firstChild + from + at, queueTimeoutSecs })),
  );
  for (let at = 0; at < combinations.length; at++) {
    const { state, error, computed, gates = [] } = children[at] ?? cancelledChild;
    const id = firstChild + from + at;
    if (state === 'held') {
      if (node.generation > 1) batch.changes.event('job.waiting', { run: node.run, job: id });
      batch.gates.reached(id, gates);
      continue;
    }
    const data = error === undefined ? {} : { data: { error, ...(isTolerated ? { tolerated: true } : {}) } };
    if (node.generation > 1) batch.changes.event('job.waiting', { run: node.run, job: id });
    batch.changes.event(jobEvents[state], { run: node.run, job: id, ...data });
    if (state === 'queued' && computed !== undefined) batch.wakeups.claimable.add(computed.label_set);
    else batch.changes.tally(id, state === 'failure' && isTolerated ? 'tolerated' : endedState(state));
  }
  await setExpandFrom.run(batch.connection, { job: node.job, from, to: to < row.total ? to : null });
  batch.wakeups.signals.add(jobTopic(node.job));
  return combinations.length;
}

type ChildDecision = Pick<Decision, 'error' | 'computed' | 'gates' | 'queueTimeoutSecs'> & {
  readonly state: 'queued' | 'held' | 'failure' | 'cancelled';
};
const cancelledChild: ChildDecision = { state: 'cancelled' };
/** For children that are never claimable. */
const noLabelSet = 0;

function endedState(state: ChildDecision['state']): 'failure' | 'cancelled' {
  return state === 'failure' ? 'failure' : 'cancelled';
}

/** Evaluates the expressions of a range of children. */
async function decideChildren(
  context: BatchContext,
  batch: Batch,
  node: MatrixToDo,
  known: KnownJob,
  firstChild: number,
  from: number,
  combinations: readonly Combination[],
): Promise<ChildDecision[]> {
  const place = { run: node.run, version: node.version, ord: ordinalOfJob(node.job) };
  const runs = await context.runs.get(batch, [node.run]);
  const needs = await needResults(batch.connection, [{ ...place, known }]);
  const valuesOf = await runValuesOf(batch.connection, runs, [{ run: node.run, known }]);
  const { expressions, matrix: parsed, spec } = known;
  if (expressions === null || parsed === null) throw new Error(`job ${node.job} has a matrix and no expressions`);
  const decided = new Map<number, Decision>();
  const evaluated = new Map<number, JobValues>();
  for (const [at, matrix] of combinations.entries()) {
    const id = firstChild + from + at;
    const index = from + at;
    const context = {
      needs: needs.get(node.job) ?? new Map(),
      inputs: factsOf(runs, node.run).inputs,
      vars: factsOf(runs, node.run).vars,
      run: valuesOf(node.run),
      runCancelled: false,
      job: { key: `${known.key}.${index}`, index, attempt: 0 },
      matrix,
    };
    try {
      const values = decideJobValues(spec, expressions, context);
      evaluated.set(id, { ...values, name: nameOfChild({ ...spec, name: values.name }, context) });
      const max = evaluateMaxParallel(parsed, context);
      const gates = gatesOfJob(known.group, { node: node.job, max }, context);
      const { queueTimeoutSecs } = values;
      decided.set(id, { state: gates.length === 0 ? 'queued' : 'held', gates, queueTimeoutSecs });
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      decided.set(id, { state: 'failure', error: error.message });
    }
  }
  await numberLabelSets(context, batch, evaluated, decided);
  return combinations.map((_, at) => (decided.get(firstChild + from + at) ?? cancelledChild) as ChildDecision);
}

/** Cancels the unended children of a range. Running ones count as ended when they have stopped. */
async function cancelChildren(
  context: BatchContext,
  batch: Batch,
  node: MatrixToDo,
  fromId: number,
  toId: number,
): Promise<void> {
  const jobs = await cancelJobs.run(batch.connection, {
    fromId,
    toId,
    nowMs: batch.nowMs,
    spareUpTo: conditionKind.survivesCancel,
    hold: 1,
  });
  if (jobs.length === 0) return;
  const live = await cancelLiveAttempts.run(batch.connection, {
    rows: jobs.map(({ id, attempt }) => ({ job: id, number: attempt })),
    byMs: batch.nowMs + context.stopGraceMs,
  });
  await noteCancelled(context, batch, node.run, jobs, live);
}

/** Closes a node: its children's outputs become one row, which dependents read. */
async function close(
  context: BatchContext,
  batch: Batch,
  node: MatrixToDo,
  known: KnownJob,
  firstChild: number,
): Promise<void> {
  const children = await outputsOfChildren.run(batch.connection, {
    fromId: firstChild,
    toId: firstChild + node.total,
  });
  if (children.length !== node.total)
    throw new Error(`job ${node.job} has ${children.length} of ${node.total} children`);
  const outputs = joinOutputs(children.map((child) => child.outputs));
  const isTooLarge = outputs !== null && exceedsBytes(outputs, limits.outputsBytes);
  const state = isTooLarge ? 'failure' : nodeResult(node);
  const isTolerated = state === 'failure' && known.spec.continueOnError === true;
  const error = isTooLarge
    ? `the outputs of the children take more than ${limits.outputsBytes} bytes together`
    : errorOf(node);
  const [closed] = await closeNode.run(batch.connection, {
    id: node.job,
    state,
    nowMs: batch.nowMs,
    error,
    outputs: isTooLarge ? null : outputs,
    tolerated: isTolerated ? 1 : 0,
  });
  if (closed !== undefined) {
    const { run, job } = node;
    const data = error === null ? {} : { data: { error, ...(isTolerated ? { tolerated: true } : {}) } };
    batch.changes.event(jobEvents[state], { run, job, ...data });
    batch.changes.tally(job, isTolerated ? 'tolerated' : state);
    batch.wakeups.signals.add(jobTopic(job));
    const succeeded = state === 'success' || isTolerated;
    await settleJobs(context, batch, [{ job, version: node.version, succeeded }]);
  }
  await clearToDo(batch, node);
}

function errorOf({ failed, total }: MatrixToDo): string | null {
  return failed === 0 ? null : `${failed} of ${total} children failed`;
}
