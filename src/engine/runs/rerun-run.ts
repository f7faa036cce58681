import { DomainError } from '../../domain/errors.js';
import { firstChildOrdinal } from '../../domain/matrix/matrix-spec.js';
import {
  dependantsInTheWay,
  type OrdinalRanges,
  ordinalsOf,
  planRerun,
  type RerunPlan,
  type RerunQuestion,
  whenForced,
} from '../../domain/rerun.js';
import { hasEnded } from '../../domain/states.js';
import { type RunRow, runsByNumber } from '../../store/statements/find-runs.js';
import {
  jobsToRerun,
  type RerunRow,
  rerunByRequest,
  rerunOfGeneration,
  statesOfRun,
} from '../../store/statements/reruns.js';
import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import { yieldToEventLoop } from '../writer/yield-turn.js';
import { nodesOfChildren } from './children-to-rerun.js';
import { findRun } from './find-run.js';
import { keysOf } from './keys-of-ordinals.js';
import { runLimits } from './limits.js';
import { loadJobs, loadNeeds, loadRerunSet, type RerunSet } from './load-rerun.js';
import { refusalOfRun, toError, unstoppedError, unstoppedJob } from './refuse-rerun.js';
import { asksAgain, hasRunEnded } from './reopen-run.js';
import { requestHash } from './request-hash.js';
import { rerunOperation, rerunRangeOperation } from './rerun-operations.js';
import type { startRunVerb } from './start-run.js';
import { type BegunRerun, sizeOf } from './wanted-rerun.js';

export interface RerunRun {
  readonly caller: Caller;
  /** A run, or a workflow, which means its newest run. */
  readonly id: string;
  /** Every job that failed or was cancelled runs again. */
  readonly failed: boolean;
  /** These jobs run again. */
  readonly jobs: readonly string[];
  /** Whether the jobs that need them run again too. */
  readonly dependants: boolean;
  /** Whether running jobs that need them are cancelled first. */
  readonly force: boolean;
  readonly requestId: string | null;
  /** Only answers what would happen. */
  readonly dryRun: boolean;
}

/** A job and why it runs again, is kept, or is skipped. */
interface RerunJobView {
  readonly jobKey: string;
  readonly reason: string;
}

/** Some jobs, and the total number. */
export interface RerunJobsView {
  readonly jobs: readonly RerunJobView[];
  readonly count: number;
}

export interface RerunAnswer {
  readonly runId: string;
  readonly generation: number;
  readonly again: RerunJobsView;
  /** Only of a dry run: the other jobs. */
  readonly kept: RerunJobsView;
  /** Only of a dry run: jobs that run again, but are certain to be skipped. */
  readonly skipped: RerunJobsView;
}

/** Interval of the check whether cancelled jobs have stopped. */
const lookEveryMs = 100;

const none: RerunJobsView = { jobs: [], count: 0 };

/**
 * Runs parts of a run again, in the same run.
 *
 * @param askedForPlace called after a run that had ended has asked for a place at its gate again
 */
export function rerunRunVerb(
  context: EngineContext,
  starting: Pick<ReturnType<typeof startRunVerb>, 'activateFrom'>,
  askedForPlace: () => Promise<void>,
) {
  const { store, writer } = context;
  const begin = rerunOperation(context);
  const continueRange = rerunRangeOperation();

  async function rerunRow(run: number, generation: number): Promise<RerunRow> {
    const [row] = await rerunOfGeneration.run(store.longRead, { run, generation });
    if (row === undefined) throw new Error(`run row ${run} has no re-run ${generation}`);
    return row;
  }

  /** Resumes a large re-run: resets the rest of its jobs, then decides those without open needs. */
  async function continueRerun(run: RunRow, generation: number, from: number): Promise<void> {
    const { chosen, following } = setOf(await rerunRow(run.no, generation));
    const ordinals = [...chosen, ...following].sort((a, b) => a - b);
    for (let next: number | null = from; next !== null; ) {
      next = await writer.submit(continueRange, { run, generation, ordinals, from: next });
      await yieldToEventLoop(context);
    }
    // A run that waits at a gate continues when it is admitted.
    const [now] = await runsByNumber.run(store.read, { rows: [{ no: run.no }] });
    if (now?.held === 1) return;
    await starting.activateFrom({ no: run.no, version: run.version, jobCount: run.job_count, from: 0 });
  }

  /** Checks a large re-run before it begins, because its run does not change until then. */
  async function checkLarge(run: RunRow, wanted: WantedSet): Promise<void> {
    const plan = await planOf(run, await questionOf(run, wanted));
    if (plan instanceof DomainError) throw plan;
  }

  async function questionOf(run: RunRow, wanted: WantedSet): Promise<RerunQuestion> {
    const all = [...wanted.chosen, ...wanted.following];
    const needs = await loadNeeds(store.longRead, run, all);
    return { ...wanted, ...(await loadJobs(store.longRead, run, all, needs)) };
  }

  async function planOf(run: RunRow, question: RerunQuestion): Promise<RerunPlan | DomainError> {
    const plan = planRerun(question);
    if (!('reason' in plan)) return plan;
    const keys = await keysOf(store.longRead, run, [plan.ordinal]);
    return toError(keys.get(plan.ordinal) ?? '', plan);
  }

  /** Waits until the attempts of cancelled jobs have stopped; each has a deadline. */
  async function untilStopped(jobs: readonly number[]): Promise<void> {
    for (;;) {
      const rows = await jobsToRerun.run(store.read, { rows: jobs.map((id) => ({ id })) });
      if (rows.every(({ live }) => live === 0)) return;
      await new Promise<void>((resolve) => context.environment.after(lookEveryMs, resolve));
    }
  }

  async function viewBegun(run: RunRow, generation: number, choice: RerunRun): Promise<RerunAnswer> {
    const { chosen, following } = setOf(await rerunRow(run.no, generation));
    const nodes = new Set((await nodesOfChildren(store.longRead, run.version, chosen)).values());
    const all = [...chosen, ...following].filter((ordinal) => !nodes.has(ordinal)).sort((a, b) => a - b);
    const named = all.slice(0, runLimits.namedInAnswer);
    const keys = await keysOf(store.longRead, run, named);
    const jobs = named.map((ordinal) => ({
      jobKey: keys.get(ordinal) ?? '',
      reason: chosen.has(ordinal) ? chosenText(choice) : followsText,
    }));
    return { runId: run.id, generation, again: { jobs, count: all.length }, kept: none, skipped: none };
  }

  /** The children among the chosen jobs, as they are. */
  async function chosenChildren(run: RunRow, { chosen }: WantedSet) {
    const children = [...chosen].filter((ordinal) => ordinal >= firstChildOrdinal).sort((a, b) => a - b);
    if (children.length === 0) return [];
    const keys = await keysOf(store.longRead, run, children);
    const { rows } = await loadJobs(store.longRead, run, children, new Map());
    return children.flatMap((ord) => {
      const row = rows.get(ord);
      return row === undefined ? [] : [{ ord, key: keys.get(ord) ?? '', state: row.state, error: null }];
    });
  }

  async function viewDry(run: RunRow, wanted: WantedSet, choice: RerunRun): Promise<RerunAnswer> {
    const refusal = refusalOfRun(run, { ...wanted, run }, sizeOf(wanted) > runLimits.rerunJobsPerTransaction);
    if (refusal !== null) throw refusal;
    const unstopped = await unstoppedJob(store.longRead, run);
    if (unstopped !== null && !choice.force) {
      throw unstoppedError((await keysOf(store.longRead, run, [unstopped])).get(unstopped) ?? '');
    }
    const question = await questionOf(run, wanted);
    const plan = await planOf(run, choice.force ? whenForced(question) : question);
    if (plan instanceof DomainError) throw plan;
    const stopped = new Set(choice.force ? dependantsInTheWay(question) : []);
    const jobs = [
      ...(await statesOfRun.run(store.longRead, { run: run.no, version: run.version })),
      ...(await chosenChildren(run, wanted)),
    ];
    const again = new Set(plan.resets.map(({ ordinal }) => ordinal));
    const keys = new Map(jobs.map(({ ord, key }) => [ord, key]));
    const skippedText = (ordinal: number) =>
      `has no "if", and its need ${JSON.stringify(keys.get(plan.skipped.get(ordinal) ?? ordinal))} does not succeed`;
    const view = (all: typeof jobs, reason: (job: (typeof jobs)[number]) => string): RerunJobsView => ({
      jobs: all.slice(0, runLimits.namedInAnswer).map((job) => ({ jobKey: job.key, reason: reason(job) })),
      count: all.length,
    });
    return {
      runId: run.id,
      generation: run.generation + 1,
      again: view(
        jobs.filter(({ ord }) => again.has(ord) && !plan.skipped.has(ord) && !wanted.reopened.has(ord)),
        ({ ord, state }) => {
          if (wanted.chosen.has(ord)) return `${chosenText(choice)} (${state})`;
          return stopped.has(ord) ? `${followsText}; it has not ended and is cancelled first` : followsText;
        },
      ),
      kept: view(
        jobs.filter(({ ord }) => !again.has(ord)),
        ({ ord, state }) => (stopped.has(ord) ? cancelledText : keptText(state, wanted.following.has(ord))),
      ),
      skipped: view(
        jobs.filter(({ ord }) => plan.skipped.has(ord)),
        ({ ord }) => skippedText(ord),
      ),
    };
  }

  return {
    /**
     * Errors: `not_found`; `malformed` for a request that chooses nothing or too much; `conflict` with the reason
     * `job_running` or `dependant_running` when a job is in the way.
     */
    async rerunRun(asked: RerunRun): Promise<RerunAnswer> {
      checkChoice(asked);
      const by = asked.caller.credential;
      const hash =
        asked.requestId === null
          ? null
          : requestHash('rerun', { caller: by, workflow: asked.id, requestId: asked.requestId });
      const [earlier] = hash === null || asked.dryRun ? [] : await rerunByRequest.run(store.read, { hash });
      if (earlier !== undefined) {
        const [run] = await runsByNumber.run(store.read, { rows: [{ no: earlier.run }] });
        if (run === undefined) throw new Error(`run row ${earlier.run} of a re-run is missing`);
        // Like the first call, the repeat is answered when the re-run is complete: a crash may have cut it short.
        if (run.rerun_from !== null) await continueRerun(run, run.generation, run.rerun_from);
        return viewBegun(run, earlier.generation, asked);
      }
      for (;;) {
        const run = await findRun(context, asked.id);
        const choice = asked.failed ? { failed: true as const } : { failed: false as const, keys: asked.jobs };
        const set = await loadRerunSet(store.longRead, run, choice, asked.dependants);
        if (set.chosen.size === 0) throw nothingFailed(run);
        const wanted = { ...set, dependants: asked.dependants };
        if (asked.dryRun) return viewDry(run, wanted, asked);
        const isLarge = sizeOf(set) > runLimits.rerunJobsPerTransaction;
        if (isLarge && hasRunEnded(run)) await checkLarge(run, wanted);
        const begun: BegunRerun = await writer.submit(begin, { ...wanted, run, by, hash, force: asked.force });
        if (begun.kind === 'stopping') {
          await untilStopped(begun.jobs);
          continue;
        }
        if (begun.from !== null) await continueRerun(run, begun.generation, begun.from);
        if (asksAgain(run)) await askedForPlace();
        return viewBegun(run, begun.generation, asked);
      }
    },
    /** Resumes a large re-run that a crash cut short. */
    continueRerun,
  };
}

type WantedSet = RerunSet & { readonly dependants: boolean };

function setOf({ chosen, following }: RerunRow): { chosen: Set<number>; following: Set<number> } {
  return {
    chosen: new Set(ordinalsOf(JSON.parse(chosen) as OrdinalRanges)),
    following: new Set(ordinalsOf(JSON.parse(following) as OrdinalRanges)),
  };
}

function checkChoice({ failed, jobs }: RerunRun): void {
  if (failed && jobs.length > 0) {
    throw new DomainError('malformed', 'jobs: give either "failed" or "jobs", not both');
  }
  if (!failed && jobs.length === 0) {
    throw new DomainError('malformed', 'jobs: say what runs again: "failed": true, or the ids of jobs in "jobs"');
  }
  if (jobs.length > runLimits.rerunJobsNamed) {
    throw new DomainError(
      'malformed',
      `jobs: at most ${runLimits.rerunJobsNamed} jobs can be named, not ${jobs.length}`,
    );
  }
}

function nothingFailed(run: RunRow): DomainError {
  return new DomainError('conflict', `no job of run ${run.id} failed or was cancelled: there is nothing to re-run`);
}

function chosenText({ failed }: RerunRun): string {
  return failed ? 'did not succeed' : 'was requested';
}

const followsText = 'needs a job that runs again';

const cancelledText = 'needs a job that runs again; it has not ended, is cancelled first, and stays cancelled';

function keptText(state: Parameters<typeof hasEnded>[0], follows: boolean): string {
  if (follows) return `needs a job that runs again; dependents are left as they are (${state})`;
  if (state === 'success') return 'succeeded; its outputs are kept';
  return hasEnded(state) ? `was not requested (${state})` : `has not ended (${state})`;
}
