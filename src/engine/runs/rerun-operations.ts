import type { DomainError } from '../../domain/errors.js';
import { firstChildOrdinal } from '../../domain/matrix/matrix-spec.js';
import { dependantsInTheWay, planRerun } from '../../domain/rerun.js';
import { jobIdOf } from '../../store/job-id.js';
import type { RunRow } from '../../store/statements/find-runs.js';
import { rerunByRequest, setNeedCounts } from '../../store/statements/reruns.js';
import type { BatchContext } from '../context.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import { nodesOfChildren } from './children-to-rerun.js';
import { keysOf } from './keys-of-ordinals.js';
import { runLimits } from './limits.js';
import { rowAt } from './load-rerun.js';
import { lockAndLoad, lockedRun } from './lock-rerun.js';
import { recordRerun } from './record-rerun.js';
import { refusalOfRun, toError, unstoppedError, unstoppedJob } from './refuse-rerun.js';
import { asksAgain, reopen } from './reopen-run.js';
import { resetRange, writeResets } from './reset-jobs.js';
import { decideMetJobs, settleJobs } from './settle-jobs.js';
import { stopDependants } from './stop-dependants.js';
import { type BegunRerun, sizeOf, type WantedRerun } from './wanted-rerun.js';

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
  const isLarge = sizeOf(wanted) > runLimits.rerunJobsPerTransaction;
  const all = [...wanted.chosen, ...wanted.following].sort((a, b) => a - b);
  const resets = isLarge ? all.filter((ordinal) => wanted.dependants || wanted.chosen.has(ordinal)) : all;
  const ordinals = resets.slice(0, runLimits.rerunJobsPerTransaction);
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
    await recordRerun(batch, wanted, generation, resets);
    const { reopened } = wanted;
    await resetRange(batch, run, generation, { ordinals, set: new Set(resets), loaded, reopened }, ordinals.length);
    return { kind: 'begun', run: run.no, generation, from: ordinals.length };
  }
  const plan = planRerun({ ...wanted, ...loaded });
  if ('reason' in plan && plan.reason === 'dependant_running' && wanted.force) {
    const jobs = dependantsInTheWay({ ...wanted, ...loaded }).map((ordinal) => jobIdOf(run.no, ordinal));
    await stopDependants(context, batch, run.no, jobs);
    return { kind: 'stopping', jobs };
  }
  if ('reason' in plan) return toError(await keyOf(batch, run, plan.ordinal), plan);
  await recordRerun(
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
        const slice = ordinals.slice(from, from + runLimits.rerunJobsPerTransaction);
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

async function notStopped(batch: Batch, run: RunRow, ordinal: number): Promise<DomainError> {
  return unstoppedError(await keyOf(batch, run, ordinal));
}

async function keyOf(batch: Batch, { version }: RunRow, ordinal: number): Promise<string> {
  return (await keysOf(batch.connection, { version }, [ordinal])).get(ordinal) ?? '';
}
