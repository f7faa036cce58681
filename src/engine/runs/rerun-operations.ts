import { DomainError } from '../../domain/errors.js';
import { childKey } from '../../domain/matrix/child.js';
import { firstChildOrdinal } from '../../domain/matrix/matrix-spec.js';
import {
  countNeeds,
  generationsMax,
  type NeedCounts,
  ordinalRanges,
  planRerun,
  type RerunRefusal,
  undoneBy,
} from '../../domain/rerun.js';
import { hasEnded } from '../../domain/states.js';
import type { Connection } from '../../store/connection.js';
import { jobIdOf, ordinalOfJob } from '../../store/job-id.js';
import { type RunRow, runsByNumber } from '../../store/statements/find-runs.js';
import { lockJobs } from '../../store/statements/jobs.js';
import { deleteMatrices, reopenMatrices, reopenNodes } from '../../store/statements/matrices.js';
import {
  insertRerun,
  keysOfOrdinals,
  liveAttemptOfJobs,
  reopenRun,
  rerunByRequest,
  resetJobs,
  setNeedCounts,
} from '../../store/statements/reruns.js';
import { lockRuns } from '../../store/statements/tally-runs.js';
import type { BatchContext } from '../context.js';
import { jobTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import { nodesOfChildren } from './children-to-rerun.js';
import { jobIdsWithNeeds, type LoadedJobs, loadJobs, loadNeeds, type RerunSet } from './load-rerun.js';
import { decideMetJobs, settleJobs } from './settle-jobs.js';
import { stopDependants } from './stop-dependants.js';

/** Jobs that one transaction resets. */
export const rerunJobsPerTransaction = 2_000;

/** Chosen jobs that the event of a re-run names. */
const namedMax = 100;

/** A requested re-run. */
export interface WantedRerun extends RerunSet {
  /** The run as it was read; a concurrent re-run that began since then makes this one fail. */
  readonly run: RunRow;
  readonly dependants: boolean;
  readonly by: string | null;
  /** Whether running jobs that need a chosen one are cancelled first. */
  readonly force: boolean;
  /** The hash of the request id; null when there is none. */
  readonly hash: string | null;
}

/** `stopping`: nothing has begun yet; these jobs, by their row ids, were cancelled and must stop first. */
export type BegunRerun =
  | {
      readonly kind: 'begun';
      readonly run: number;
      readonly generation: number;
      /** Of a large one: the position of the first job that is not reset yet. Null when all are. */
      readonly from: number | null;
    }
  | { readonly kind: 'stopping'; readonly jobs: readonly number[] };

/** Begins a re-run. The same transaction resets all of its jobs, or the first of them when there are many. */
export function rerunOperation(context: BatchContext): Operation<WantedRerun, BegunRerun> {
  return {
    name: 'rerun',
    keyOf: ({ run }) => run.no,
    async apply(batch, inputs) {
      const answers: (BegunRerun | DomainError)[] = [];
      for (const wanted of inputs) answers.push(await begin(context, batch, wanted));
      return answers;
    },
  };
}

async function begin(context: BatchContext, batch: Batch, wanted: WantedRerun): Promise<BegunRerun | DomainError> {
  const { hash } = wanted;
  const [earlier] = hash === null ? [] : await rerunByRequest.run(batch.connection, { hash });
  if (earlier !== undefined) {
    return { kind: 'begun', run: earlier.run, generation: earlier.generation, from: null };
  }
  const isLarge = sizeOf(wanted) > rerunJobsPerTransaction;
  const all = [...wanted.chosen, ...wanted.following].sort((a, b) => a - b);
  const resets = isLarge ? all.filter((ordinal) => wanted.dependants || wanted.chosen.has(ordinal)) : all;
  const ordinals = resets.slice(0, rerunJobsPerTransaction);
  const loaded = await lockAndLoad(batch, wanted.run, ordinals);
  const run = await lockedRun(batch, wanted.run.no);
  const refusal = refusalOfRun(run, wanted, isLarge);
  if (refusal !== null) return refusal;
  const unstopped = await unstoppedJob(batch.connection, run);
  if (unstopped !== null) {
    return wanted.force ? { kind: 'stopping', jobs: [jobIdOf(run.no, unstopped)] } : notStopped(batch, run, unstopped);
  }
  const generation = run.generation + 1;

  if (isLarge) {
    await record(batch, wanted, generation, resets);
    const { reopened } = wanted;
    await resetRange(batch, run, generation, { ordinals, set: new Set(resets), loaded, reopened }, ordinals.length);
    return { kind: 'begun', run: run.no, generation, from: ordinals.length };
  }
  const plan = planRerun({ ...wanted, ...loaded });
  if ('reason' in plan && plan.reason === 'dependant_running' && wanted.force) {
    const isInTheWay = (ordinal: number) => {
      const { state, live } = rowAt(loaded, ordinal);
      return state === 'running' || state === 'open' || (state === 'cancelled' && live === 1);
    };
    const jobs = [...wanted.following].filter(isInTheWay).map((ordinal) => jobIdOf(run.no, ordinal));
    await stopDependants(context, batch, run.no, jobs);
    return { kind: 'stopping', jobs };
  }
  if ('reason' in plan) return toError(await keyOf(batch, run, plan.ordinal), plan);
  await record(
    batch,
    wanted,
    generation,
    plan.resets.map(({ ordinal }) => ordinal),
  );
  await writeResets(batch, run, generation, plan.resets, loaded, wanted.reopened);
  if (plan.recounts.length > 0) {
    const rows = plan.recounts.map(({ ordinal, pending, bad }) => ({ id: jobIdOf(run.no, ordinal), pending, bad }));
    await setNeedCounts.run(batch.connection, { rows });
  }
  await reopen(batch, {
    no: run.no,
    generation,
    ...plan.undone,
    rerunFrom: null,
    activateFrom: null,
    nowMs: batch.nowMs,
  });
  // The run requests its place again; its jobs are decided when it is admitted.
  if (asksAgain(run)) batch.gates.looked.add(run.gate);
  if (asksAgain(run) || run.held === 1) return { kind: 'begun', run: run.no, generation, from: null };
  // Children are decided in a transaction of their own.
  const met = plan.resets.filter(({ ordinal, pending }) => {
    return pending === 0 && ordinal < firstChildOrdinal && !wanted.reopened.has(ordinal);
  });
  const ended = await decideMetJobs(
    context,
    batch,
    met.map(({ ordinal, bad }) => {
      const { id, conditional, label_set } = rowAt(loaded, ordinal);
      return { id, bad, conditional, label_set };
    }),
  );
  await settleJobs(context, batch, ended);
  return { kind: 'begun', run: run.no, generation, from: null };
}

/**
 * A job of an ended run that its worker has not stopped yet; null when there is none. In an ended run nothing waits for
 * it, so jobs that run again could not wait for it either.
 */
export async function unstoppedJob(connection: Connection, run: RunRow): Promise<number | null> {
  if (!hasRunEnded(run)) return null;
  const range = { fromId: jobIdOf(run.no, 0), toId: jobIdOf(run.no + 1, 0) };
  const [live] = await liveAttemptOfJobs.run(connection, range);
  return live === undefined ? null : ordinalOfJob(live.job);
}

async function notStopped(batch: Batch, run: RunRow, ordinal: number): Promise<DomainError> {
  return unstoppedError(await keyOf(batch, run, ordinal));
}

export function unstoppedError(key: string): DomainError {
  return new DomainError(
    'conflict',
    `job ${JSON.stringify(key)} was cancelled, and its worker has not stopped it yet; try again in a moment, or use "force" to wait for it`,
    { reason: 'job_running' },
  );
}

export function hasRunEnded({ state }: Pick<RunRow, 'state'>): boolean {
  return state !== 'queued' && state !== 'running';
}

/** A further range of a large re-run. */
export interface RerunRange {
  readonly run: Pick<RunRow, 'no' | 'version'>;
  readonly generation: number;
  /** All jobs of the re-run, in order. */
  readonly ordinals: readonly number[];
  readonly from: number;
}

/** Resets a further range of a large re-run's jobs; answers with the position of the next, or null after the last. */
export function rerunRangeOperation(): Operation<RerunRange, number | null> {
  return {
    name: 'rerun-range',
    keyOf: ({ run }) => run.no,
    async apply(batch, ranges) {
      const answers: (number | null)[] = [];
      for (const { run, generation, ordinals, from } of ranges) {
        const slice = ordinals.slice(from, from + rerunJobsPerTransaction);
        const loaded = await lockAndLoad(batch, run, slice);
        const now = await lockedRun(batch, run.no);
        const next = from + slice.length < ordinals.length ? from + slice.length : null;
        // Another server may have resumed it too.
        if (now.generation === generation && now.rerun_from === from) {
          const nodes = await nodesOfChildren(batch.connection, run.version, ordinals);
          const reopened = new Set(nodes.values());
          await resetRange(batch, now, generation, { ordinals: slice, set: new Set(ordinals), loaded, reopened }, next);
        }
        answers.push(next);
      }
      return answers;
    },
  };
}

interface ResetRange {
  readonly ordinals: readonly number[];
  /** All jobs of the re-run, including those of other ranges. */
  readonly set: ReadonlySet<number>;
  readonly loaded: LoadedJobs;
  readonly reopened: ReadonlySet<number>;
}

/** Resets one range. Its jobs are not decided yet: that begins, also in ranges, when all are reset. */
async function resetRange(
  batch: Batch,
  run: RunRow,
  generation: number,
  { ordinals, set, loaded, reopened }: ResetRange,
  next: number | null,
): Promise<void> {
  const counts = ordinals.map((ordinal) => countNeeds(loaded, ordinal, (need) => set.has(need)));
  await writeResets(batch, run, generation, counts, loaded, reopened);
  const undone = undoneBy(loaded, ordinals);
  const isHeld = asksAgain(run) || run.held === 1;
  await reopen(batch, {
    no: run.no,
    generation,
    ...undone,
    rerunFrom: next,
    activateFrom: isHeld ? null : 0,
    nowMs: batch.nowMs,
  });
  // The gate skips a run until all of its jobs are reset.
  if (next === null && isHeld && run.gate !== null) batch.gates.looked.add(run.gate);
}

/** Opens the run, whose timeout counts anew. */
async function reopen(batch: Batch, change: Parameters<typeof reopenRun.run>[1]): Promise<void> {
  const [run] = await reopenRun.run(batch.connection, change);
  if (run !== undefined && run.deadline_ms !== null) batch.wakeups.dueAt(run.deadline_ms);
}

/** Whether a re-run of the run needs a place in its group; a run in progress has one. */
function asksAgain(run: RunRow): run is RunRow & { readonly gate: number } {
  return run.gate !== null && run.state !== 'queued' && run.state !== 'running';
}

async function writeResets(
  batch: Batch,
  run: RunRow,
  generation: number,
  counts: readonly NeedCounts[],
  loaded: LoadedJobs,
  reopened: ReadonlySet<number>,
): Promise<void> {
  await reopenNodesOf(batch, run, generation, { counts, loaded, reopened });
  const resets = counts.filter(({ ordinal }) => !reopened.has(ordinal));
  const reset = await resetJobs.run(batch.connection, {
    rows: resets.map(({ ordinal, pending, bad }) => {
      const { id, next_attempt } = rowAt(loaded, ordinal);
      return { id, pending, bad, attempt: next_attempt, generation };
    }),
  });
  if (reset.length !== resets.length) throw new Error(`a job of run ${run.id} that runs was to be reset`);
  for (const { ordinal } of resets) {
    const { id, state, places } = rowAt(loaded, ordinal);
    if (!hasEnded(state)) batch.gates.left(places);
    batch.wakeups.signals.add(jobTopic(id));
    if (state !== 'waiting') batch.changes.event('job.waiting', { run: run.no, job: id });
  }
}

/** Opens nodes again for children of theirs that are reset; other nodes that are reset lose their children. */
async function reopenNodesOf(
  batch: Batch,
  run: RunRow,
  generation: number,
  { counts, loaded, reopened }: { counts: readonly NeedCounts[]; loaded: LoadedJobs; reopened: ReadonlySet<number> },
): Promise<void> {
  const ordinals = counts.map(({ ordinal }) => ordinal);
  const whole = ordinals.map((ordinal) => ({ ordinal, ...rowAt(loaded, ordinal) }));
  const emptied = whole.filter(({ ordinal, opened }) => opened === 1 && !reopened.has(ordinal));
  if (emptied.length > 0) await deleteMatrices.run(batch.connection, { rows: emptied.map(({ id }) => ({ id })) });
  if (reopened.size === 0) return;
  const nodes = whole.filter(({ ordinal }) => reopened.has(ordinal));
  if (nodes.length > 0) {
    await reopenNodes.run(batch.connection, { rows: nodes.map(({ id }) => ({ id })), generation });
    for (const { id } of nodes) {
      batch.changes.event('job.waiting', { run: run.no, job: id });
      batch.changes.event('job.open', { run: run.no, job: id });
      batch.wakeups.signals.add(jobTopic(id));
    }
  }
  const nodeOf = await nodesOfChildren(batch.connection, run.version, ordinals);
  const children = Map.groupBy(
    whole.filter(({ ordinal }) => nodeOf.has(ordinal)),
    ({ ordinal }) => nodeOf.get(ordinal) ?? 0,
  );
  if (children.size === 0) return;
  await reopenMatrices.run(batch.connection, {
    rows: [...children]
      .sort(([a], [b]) => a - b)
      .map(([node, reset]) => ({
        job: jobIdOf(run.no, node),
        reset: reset.length,
        failed: reset.filter(({ state }) => state === 'failure').length,
        cancelled: reset.filter(({ state }) => state === 'cancelled').length,
      })),
  });
  batch.wakeups.leftMatrices = true;
}

/** Records who requested what, before any consequence of it. */
async function record(
  batch: Batch,
  { run, chosen, by, hash }: WantedRerun,
  generation: number,
  resets: readonly number[],
): Promise<void> {
  const named = resets.filter((ordinal) => chosen.has(ordinal));
  const keys = await keysOf(batch.connection, run, named.slice(0, namedMax));
  await insertRerun.run(batch.connection, {
    run: run.no,
    generation,
    nowMs: batch.nowMs,
    by,
    hash,
    chosen: JSON.stringify(ordinalRanges(named)),
    following: JSON.stringify(ordinalRanges(resets.filter((ordinal) => !chosen.has(ordinal)))),
  });
  const data = { generation, by, jobs: resets.length, chosen: [...keys.values()] };
  batch.changes.event('run.rerun', { run: run.no, data });
  batch.changes.audits.push({
    action: 'run.rerun',
    subject: run.id,
    source: 'api',
    actor: by,
    data: { workflow: run.workflow_id, generation, jobs: resets.length },
  });
}

/**
 * The jobs in their present states. Where several servers share the database, they are locked until the transaction
 * ends.
 */
async function lockAndLoad(
  batch: Batch,
  run: Pick<RunRow, 'no' | 'version'>,
  ordinals: readonly number[],
): Promise<LoadedJobs> {
  const needs = await loadNeeds(batch.connection, run, ordinals);
  if (batch.connection.dialect.hasManyWriters) {
    const rows = jobIdsWithNeeds(run.no, ordinals, needs).map((id) => ({ id }));
    await lockJobs.run(batch.connection, { rows });
  }
  const loaded = await loadJobs(batch.connection, run, ordinals, needs);
  for (const { state, places } of loaded.rows.values()) if (state === 'held') batch.gates.locked(places);
  return loaded;
}

/**
 * The run in its present state. Its row is locked after its jobs, as everywhere. But here other jobs change after it,
 * because whether the run is cancelled decides about them. The possible deadlock is rare, and is retried.
 */
async function lockedRun(batch: Batch, no: number): Promise<RunRow> {
  if (batch.connection.dialect.hasManyWriters) await lockRuns.run(batch.connection, { rows: [{ no }] });
  const [run] = await batch.applyAfterLockWait(runsByNumber.run(batch.connection, { rows: [{ no }] }));
  if (run === undefined) throw new DomainError('not_found', 'the run has just been deleted: its retention is over');
  return run;
}

/** Why a run cannot be re-run in its present state, whatever its jobs are; null when it can. */
export function refusalOfRun(
  run: RunRow,
  wanted: Pick<WantedRerun, 'run' | 'chosen' | 'following'>,
  isLarge: boolean,
): DomainError | null {
  const hasEnded = hasRunEnded(run);
  if (run.logs_pruned === 2) {
    return new DomainError('conflict', `run ${run.id} is being deleted: its retention is over. Start a new run.`);
  }
  if (run.generation !== wanted.run.generation) {
    return new DomainError(
      'conflict',
      `another re-run of run ${run.id} began at the same time; check its result first`,
    );
  }
  if (run.activate_from !== null || run.rerun_from !== null || run.cancel_from !== null) {
    return new DomainError('unavailable', `run ${run.id} is being started or cancelled. Try again in a moment.`);
  }
  if (!hasEnded && run.cancel_requested_at_ms !== null) {
    return new DomainError('conflict', `run ${run.id} is being cancelled; it can be re-run when it has ended`, {
      reason: 'job_running',
    });
  }
  if (run.generation >= generationsMax) {
    return new DomainError(
      'conflict',
      `run ${run.id} has ${generationsMax} generations, as many as a run can have. Start a new run.`,
    );
  }
  if (isLarge && !hasEnded) {
    return new DomainError(
      'conflict',
      `${sizeOf(wanted)} jobs of run ${run.id} would run again; more than ${rerunJobsPerTransaction} can only when the run has ended`,
      { reason: 'job_running' },
    );
  }
  return null;
}

export function sizeOf({ chosen, following }: Pick<RerunSet, 'chosen' | 'following'>): number {
  return chosen.size + following.size;
}

async function keyOf(batch: Batch, { version }: RunRow, ordinal: number): Promise<string> {
  return (await keysOf(batch.connection, { version }, [ordinal])).get(ordinal) ?? '';
}

/** The keys of jobs and of children, by their ordinals. */
export async function keysOf(
  connection: Connection,
  { version }: Pick<RunRow, 'version'>,
  ordinals: readonly number[],
): Promise<Map<number, string>> {
  const nodes = await nodesOfChildren(connection, version, ordinals);
  const rows = [...new Set(ordinals.map((ordinal) => nodes.get(ordinal) ?? ordinal))].map((ord) => ({ ord }));
  const found = await keysOfOrdinals.run(connection, { version, rows });
  const keys = new Map(found.map((row) => [row.ord, row]));
  return new Map(
    ordinals.flatMap((ordinal) => {
      const row = keys.get(nodes.get(ordinal) ?? ordinal);
      if (row === undefined) return [];
      return [[ordinal, nodes.has(ordinal) ? childKey(row.key, ordinal - (row.children_from ?? 0)) : row.key] as const];
    }),
  );
}

/** The refusal as callers see it. */
export function toError(key: string, { reason, state }: RerunRefusal): DomainError {
  const job = JSON.stringify(key);
  const is =
    state === 'stopping'
      ? 'was cancelled, and its worker has not stopped it yet'
      : `is ${state === 'open' ? 'running' : state}`;
  if (reason === 'job_running') {
    return new DomainError('conflict', `job ${job} ${is}; only a job that has ended can be re-run`, { reason });
  }
  return new DomainError(
    'conflict',
    `job ${job}, which needs a job that would run again, ${is}; wait until it has ended, or use "force" to cancel it`,
    { reason },
  );
}

function rowAt({ rows }: LoadedJobs, ordinal: number) {
  const row = rows.get(ordinal);
  if (row === undefined) throw new Error(`job ${ordinal} was not read for the re-run`);
  return row;
}
