import { firstChildOrdinal } from './matrix/matrix-spec.js';
import { conditionKind } from './settle.js';
import { hasEnded, type JobState } from './states.js';

/** Generations that a run can have. */
export const generationsMax = 100;

/** A job in its state before a re-run. */
export interface RerunJob {
  readonly state: JobState;
  /** Whether its end was propagated to its dependents. */
  readonly isSettled: boolean;
  /** Whether it was cancelled and its worker has not reported yet that it has stopped. */
  readonly isStopping: boolean;
  /** Whether it failed and counts as success. */
  readonly isTolerated: boolean;
  /** A `conditionKind`. */
  readonly conditional: number;
}

/** A requested re-run. Jobs are identified by their ordinals. */
export interface RerunQuestion {
  readonly chosen: ReadonlySet<number>;
  /** Dependents of chosen jobs: all of them if they run again, else only the direct ones. */
  readonly following: ReadonlySet<number>;
  readonly dependants: boolean;
  /** Each chosen and following job, and their needs. */
  readonly jobs: ReadonlyMap<number, RerunJob>;
  /** The needs of each chosen and following job. */
  readonly needs: ReadonlyMap<number, readonly number[]>;
}

/** The counts of a job's needs after the re-run has begun. */
export interface NeedCounts {
  readonly ordinal: number;
  readonly pending: number;
  readonly bad: number;
}

export interface RerunPlan {
  /** Jobs that wait again, as if they had never begun; their outputs and errors are deleted. */
  readonly resets: readonly NeedCounts[];
  /** Jobs that keep their state, and wait for a job that runs again. */
  readonly recounts: readonly NeedCounts[];
  /** The decrease of the run's counters. */
  readonly undone: { readonly ended: number; readonly failed: number; readonly cancelled: number };
  /** Jobs of `resets` that are certain to be skipped, each with the need that causes it. */
  readonly skipped: ReadonlyMap<number, number>;
}

/** Why a re-run cannot begin now. */
export interface RerunRefusal {
  /** `job_running`: a job that would run again has not ended. `dependant_running`: a dependent of one is running. */
  readonly reason: 'job_running' | 'dependant_running';
  readonly ordinal: number;
  readonly state: JobState | 'stopping';
}

/**
 * Decides a re-run: the chosen jobs, and with `dependants` all their dependents, wait again for their needs. A running
 * job is never reset. Without `dependants`, a dependent that has ended does not change, and one that has not begun
 * waits again.
 */
export function planRerun(question: RerunQuestion): RerunPlan | RerunRefusal {
  const { chosen, following, dependants } = question;
  const refusal = refusalOf(question);
  if (refusal !== null) return refusal;
  const all = [...chosen, ...following].sort((a, b) => a - b);
  const isReset = (ordinal: number): boolean => {
    if (chosen.has(ordinal)) return true;
    if (!following.has(ordinal)) return false;
    const { state } = jobAt(question, ordinal);
    return dependants || state === 'held' || state === 'queued' || state === 'delayed';
  };
  const resets = all.filter(isReset);
  const waitsOn = (ordinal: number): boolean => {
    const { state, isSettled, isStopping } = jobAt(question, ordinal);
    return state === 'waiting' || (state === 'cancelled' && !isSettled && !isStopping);
  };
  const recounts = all.filter((ordinal) => !isReset(ordinal) && waitsOn(ordinal));
  const counts = (ordinal: number) => countNeeds(question, ordinal, isReset);
  const plan = { resets: resets.map(counts), recounts: recounts.map(counts) };
  return { ...plan, undone: undoneBy(question, resets), skipped: certainlySkipped(question, plan.resets) };
}

/** Dependents that must stop before a job that they need runs again. */
export function dependantsInTheWay(question: Pick<RerunQuestion, 'following' | 'jobs'>): number[] {
  return [...question.following].filter((ordinal) => {
    const { state, isStopping } = jobAt(question, ordinal);
    return state === 'running' || state === 'open' || isStopping;
  });
}

/** The jobs as `force` leaves them: the dependents in the way are cancelled and have stopped. */
export function whenForced(question: RerunQuestion): RerunQuestion {
  const jobs = new Map(question.jobs);
  for (const ordinal of dependantsInTheWay(question)) {
    jobs.set(ordinal, { ...jobAt(question, ordinal), state: 'cancelled', isSettled: true, isStopping: false });
  }
  return { ...question, jobs };
}

/** The counts of one job's needs: needs that run again are open, and so are those whose end has not propagated yet. */
export function countNeeds(
  { jobs, needs }: Pick<RerunQuestion, 'jobs' | 'needs'>,
  ordinal: number,
  isReset: (ordinal: number) => boolean,
): NeedCounts {
  let pending = 0;
  let bad = 0;
  for (const need of needs.get(ordinal) ?? []) {
    const { state, isSettled, isTolerated } = jobAt({ jobs }, need);
    if (isReset(need) || !hasEnded(state) || !isSettled) pending += 1;
    else if (state !== 'success' && !isTolerated) bad += 1;
  }
  return { ordinal, pending, bad };
}

function refusalOf(question: RerunQuestion): RerunRefusal | null {
  for (const ordinal of question.chosen) {
    const { state, isStopping } = jobAt(question, ordinal);
    if (isStopping) return { reason: 'job_running', ordinal, state: 'stopping' };
    if (!hasEnded(state)) return { reason: 'job_running', ordinal, state };
  }
  for (const ordinal of question.following) {
    const { state, isStopping } = jobAt(question, ordinal);
    if (isStopping && question.dependants) return { reason: 'dependant_running', ordinal, state: 'stopping' };
    // Also if dependents do not run again: a retry of one would begin while its need runs.
    if (state === 'running' || state === 'open') return { reason: 'dependant_running', ordinal, state };
  }
  return null;
}

/** The decrease of a run's counters when these jobs are reset. */
export function undoneBy(question: Pick<RerunQuestion, 'jobs'>, resets: readonly number[]): RerunPlan['undone'] {
  // The counters of a run are about jobs without their children.
  const jobs = resets.filter((ordinal) => ordinal < firstChildOrdinal).map((ordinal) => jobAt(question, ordinal));
  return {
    ended: jobs.filter(({ state }) => hasEnded(state)).length,
    failed: jobs.filter(({ state, isTolerated }) => state === 'failure' && !isTolerated).length,
    cancelled: jobs.filter(({ state }) => state === 'cancelled').length,
  };
}

/** Jobs without an `if` with an unsuccessful need outside of the re-run, and their dependents in turn. */
function certainlySkipped(question: RerunQuestion, resets: readonly NeedCounts[]): Map<number, number> {
  const again = new Set(resets.map(({ ordinal }) => ordinal));
  const dependants = new Map<number, number[]>();
  for (const ordinal of again) {
    for (const need of question.needs.get(ordinal) ?? []) {
      if (!again.has(need)) continue;
      const known = dependants.get(need);
      if (known === undefined) dependants.set(need, [ordinal]);
      else known.push(ordinal);
    }
  }
  const hasDefault = (ordinal: number) => jobAt(question, ordinal).conditional === conditionKind.none;
  const skipped = new Map<number, number>();
  for (const { ordinal, bad } of resets) {
    if (bad === 0 || !hasDefault(ordinal)) continue;
    const isBad = (need: number) => {
      const { state, isTolerated } = jobAt(question, need);
      return !again.has(need) && hasEnded(state) && state !== 'success' && !isTolerated;
    };
    skipped.set(ordinal, (question.needs.get(ordinal) ?? []).find(isBad) ?? ordinal);
  }
  // A map is iterated in the order of its entries, and entries added on the way come at its end.
  for (const [ordinal] of skipped) {
    for (const next of dependants.get(ordinal) ?? []) {
      if (!skipped.has(next) && hasDefault(next)) skipped.set(next, ordinal);
    }
  }
  return skipped;
}

function jobAt({ jobs }: Pick<RerunQuestion, 'jobs'>, ordinal: number): RerunJob {
  const job = jobs.get(ordinal);
  if (job === undefined) throw new Error(`job ${ordinal} was not read for the re-run`);
  return job;
}

/** Ordinals as ranges, end excluded: a re-run of a whole run is one range. */
export type OrdinalRanges = readonly (readonly [from: number, to: number])[];

/** @param ordinals in ascending order */
export function ordinalRanges(ordinals: readonly number[]): OrdinalRanges {
  const ranges: [number, number][] = [];
  for (const ordinal of ordinals) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === ordinal) last[1] = ordinal + 1;
    else ranges.push([ordinal, ordinal + 1]);
  }
  return ranges;
}

export function* ordinalsOf(ranges: OrdinalRanges): Generator<number> {
  for (const [from, to] of ranges) for (let ordinal = from; ordinal < to; ordinal++) yield ordinal;
}
