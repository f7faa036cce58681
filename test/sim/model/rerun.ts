import { isTolerated } from './keys.js';
import type { Model, Place } from './model.js';
import { hasBegun } from './rules.js';
import { beginRunTimeout } from './run-timeouts.js';
import { endStates, type ModelJob, type ModelRun, type StoredEvent } from './states.js';

/** So many jobs are reset in the transaction that begins the re-run. */
const inOnePiece = 2_000;

interface RerunRow {
  readonly chosen: string;
  readonly following: string;
}

/** What the event of a re-run says. */
export interface RerunData {
  readonly generation?: number;
  readonly jobs?: number;
  readonly chosen?: readonly string[];
}

/**
 * A re-run begins: its jobs are to wait again, each by an event of its own in this commit or, in a large run, in one of the
 * next. Which jobs it may be about follows from the chosen ones: all that need them, or, when dependents stay as they are,
 * those that need them themselves and have not begun.
 */
export function beginRerun(model: Model, run: ModelRun, event: StoredEvent, data: RerunData): void {
  const refuse = (why: string) =>
    model.violated('a re-run is of ended jobs and what needs them', `run ${run.id} ${data.generation}: ${why}`);
  if (data.generation !== run.generation + 1) refuse(`it follows generation ${run.generation}`);
  if (run.cancelRequests > 0 && !endStates.has(run.state)) refuse('the run is being cancelled');
  if (run.resetting.size > 0) refuse('the one before has not begun to the end');
  const [row] = model.database.rows<RerunRow>(
    'select chosen, following from reruns where run = ? and generation = ?',
    event.run,
    data.generation ?? 0,
  );
  const chosen = jobsIn(run, row?.chosen);
  const following = jobsIn(run, row?.following);
  if (chosen.length === 0) refuse('it is of no job');
  if (data.jobs !== chosen.length + following.length) refuse(`it says that ${data.jobs} jobs run again`);
  const keys = new Set(chosen.slice(0, 100).map(({ def }) => def.key));
  const named = data.chosen ?? [];
  if (named.length !== keys.size || !named.every((key) => keys.has(key))) refuse(`it names ${named}, not ${[...keys]}`);
  for (const job of chosen) if (!hasEnded(job)) refuse(`${job.def.key}, which was chosen, is ${job.state}`);
  checkFollowing(run, chosen, following, refuse);

  run.generation += 1;
  model.world.count(run.definition.isLarge ? 'large run re-run' : 'run re-run');
  if (endStates.has(run.state)) {
    model.world.count('run re-run after its end');
    run.state = hasBegun(run) ? 'running' : 'queued';
    run.cancelRequests = 0;
    run.isForced = false;
    run.isTimedOut = false;
    run.isForcedByTimeout = false;
    run.deadlineMs = null;
    run.isForcedByGroup = false;
    if (run.definition.group !== null || run.isHeldByPause) {
      run.isHeld = true;
      run.heldSinceMs = event.at_ms;
      model.world.count('re-run of a run in a group');
    }
  }
  if (!run.isHeld && hasBegun(run)) beginRunTimeout(run, event.at_ms);
  run.isResetInPieces = chosen.length + following.length > inOnePiece;
  const reopened = new Set(chosen.flatMap(({ node }) => node ?? []));
  for (const node of reopened) if (!chosen.includes(node)) refuse(`${node.def.key} is not opened for its children`);
  for (const job of reopened) job.isReopening = true;
  for (const job of [...chosen, ...following]) {
    if (job.state === 'waiting') resetJob(job, model.lastAtMs);
    else run.resetting.add(job.def.ord);
  }
}

/** A job of a re-run waits again. */
export function applyReset(model: Model, { run, job }: Place, refuse: (why: string) => void): void {
  if (job.state === 'held' && !run.resetting.has(job.def.ord)) {
    resumeJob(model, { run, job }, refuse);
    return;
  }
  if (!run.resetting.delete(job.def.ord)) refuse('no re-run is about it');
  if (job.state === 'running' || job.attempts.at(-1)?.outcome === null) refuse('an attempt of it is live');
  if (job.node === null) {
    if (endStates.has(job.state)) run.open += 1;
    if (job.state === 'failure' && !isTolerated(job)) run.failed -= 1;
    if (job.state === 'cancelled') run.cancelled -= 1;
  } else model.world.count('child of a re-run waits again');
  resetJob(job, model.lastAtMs);
  model.world.count('job of a re-run waits again');
}

/** The pause that held a job is over: it is decided anew. */
function resumeJob(model: Model, { run, job }: Place, refuse: (why: string) => void): void {
  if (model.pauses.surelyPaused('run', run.id)) refuse('its run is paused');
  if (!model.pauses.perhapsPaused('run', run.id)) refuse('no pause held it');
  job.state = 'waiting';
  model.world.count('job resumed');
}

/** As if it had not begun: its retries count anew, and the numbers of its attempts continue. */
function resetJob(job: ModelJob, atMs: number): void {
  const numbers = job.attempts.filter(({ outcome }) => outcome !== 'released').map(({ number }) => number);
  job.state = 'waiting';
  job.attempt = Math.max(-1, ...numbers) + 1;
  job.budgetFrom = job.attempt;
  job.outputs = new Map();
  job.delayedUntilMs = null;
  job.queueDueAtMs = null;
  job.resetAtMs = atMs;
  job.failedFastAtMs = null;
  job.emptySinceMs = null;
  // Those of a node that runs again itself are made anew.
  if (!job.isReopening) job.children = [];
}

function checkFollowing(
  run: ModelRun,
  chosen: readonly ModelJob[],
  following: readonly ModelJob[],
  refuse: (why: string) => void,
): void {
  const isChosen = new Set(chosen);
  const direct = dependantsOf(run, chosen).filter((job) => !isChosen.has(job));
  const all = new Set(direct);
  // A set is walked in the order of its members, and those that are added on the way come at its end.
  for (const job of all) for (const next of dependantsOf(run, [job])) if (!isChosen.has(next)) all.add(next);
  const notBegun = direct.filter(({ state }) => state === 'held' || state === 'queued' || state === 'delayed');
  for (const { def, state } of direct)
    if (state === 'running' || state === 'open') refuse(`${def.key}, which needs a chosen one, runs`);
  const isOf = (jobs: readonly ModelJob[]) => keysOf(jobs) === keysOf(following);
  if (isOf(notBegun)) return;
  if (!isOf([...all])) refuse(`${keysOf(following)} follow, not ${keysOf([...all])} or ${keysOf(notBegun)}`);
  for (const job of following) {
    if (job.state === 'running' || job.state === 'open' || job.attempts.at(-1)?.outcome === null)
      refuse(`${job.def.key}, which follows, runs`);
  }
}

function hasEnded({ state, attempts }: ModelJob): boolean {
  return endStates.has(state) && attempts.at(-1)?.outcome !== null;
}

function dependantsOf(run: ModelRun, jobs: readonly ModelJob[]): ModelJob[] {
  const ordinals = new Set(jobs.flatMap(({ def }) => run.definition.dependants[def.ord] ?? []));
  return [...ordinals].map((ord) => run.jobs[ord]).filter((job) => job !== undefined);
}

function keysOf(jobs: readonly ModelJob[]): string {
  return jobs
    .map(({ def }) => def.ord)
    .sort((a, b) => a - b)
    .join();
}

function jobsIn(run: ModelRun, ranges: string | undefined): ModelJob[] {
  const parsed = JSON.parse(ranges ?? '[]') as [number, number][];
  return parsed.flatMap(([from, to]) =>
    Array.from({ length: to - from }, (_, at) => run.jobs[from + at] ?? run.children.get(from + at)).filter(
      (job) => job !== undefined,
    ),
  );
}
