import { endAttempt } from './end-attempt.js';
import { applyAdmitted } from './groups.js';
import { applyHeld, noteAdmitted } from './job-groups.js';
import { isTolerated, maxParallelOf } from './keys.js';
import type { Model, Place, Touched } from './model.js';
import { applyToNode, mayCancelChild, noteChildEnd, noteMade } from './nodes.js';
import { applyQueueTimeout, beginQueueTimeout } from './queue-timeouts.js';
import { applyReset, beginRerun, type RerunData } from './rerun.js';
import { verdictOn } from './rules.js';
import { applyRunTimeout, beginRunTimeout, cancelRunTimeout } from './run-timeouts.js';
import { endStates, type ModelRun, type ModelState, type StoredEvent } from './states.js';
import { stopTimedOut } from './stop-attempt.js';

/** What an event says beside its type. */
export interface EventData extends RerunData {
  readonly outcome?: string;
  readonly error?: string;
  readonly until_ms?: number;
  readonly worker_id?: string;
  readonly reason?: string;
  readonly forced?: boolean;
  readonly superseded_by?: string;
  readonly children?: number;
  readonly tolerated?: boolean;
}

/** Changes the model as an event says, and says whether it was allowed. */
export function applyEvent(model: Model, run: ModelRun, event: StoredEvent, touched: Touched): void {
  const data = event.data === null ? {} : (JSON.parse(event.data) as EventData);
  if (event.job === null) {
    applyToRun(model, run, event, data);
    return;
  }
  const place = model.place(event.job);
  if (place === null || place.run !== run) {
    model.violated('events are of jobs that are there', `event ${event.number} of job row ${event.job}`);
    return;
  }
  const before = place.job.state;
  if (event.type === 'job.cancelled') place.job.cancelledAtMs = event.at_ms;
  applyToJob(model, place, event, data, touched);
  const { job } = place;
  model.touch(touched, place);
  if (before === 'queued' && job.state !== 'queued') model.unsetQueued(place);
  if (before !== 'queued' && job.state === 'queued') model.setQueued(place);
  if (endStates.has(before) || !endStates.has(job.state)) return;
  if ((data.tolerated === true) !== isTolerated(job))
    model.violated('a failure is tolerated as its job says', `${run.no}/${job.def.key}: ${event.data}`);
  if (isTolerated(job)) model.world.count('failure tolerated');
  if (job.node !== null) {
    noteChildEnd(model, place, event.at_ms);
    return;
  }
  run.open -= 1;
  if (job.state === 'failure' && !isTolerated(job)) run.failed += 1;
  if (job.state === 'cancelled') run.cancelled += 1;
  if (run.definition.isLarge) return;
  for (const ord of run.definition.dependants[job.def.ord] ?? []) {
    const dependant = run.jobs[ord];
    if (dependant !== undefined) model.touch(touched, { run, job: dependant });
  }
}

function applyToRun(model: Model, run: ModelRun, event: StoredEvent, data: EventData): void {
  const [, what = ''] = event.type.split('.');
  if (what === 'cancel_requested') {
    const isNews = run.cancelRequests === 0 || (data.forced === true && !run.isForced);
    if (!isNews) model.violated('a cancel that is repeated records nothing', `run ${run.id}`);
    if (endStates.has(run.state)) model.violated('the cancel of a run that has ended records nothing', `run ${run.id}`);
    if (data.reason === 'run_timeout') applyRunTimeout(model, run, event, data.forced === true);
    else cancelRunTimeout(run, event.at_ms, data.forced === true);
    run.cancelRequests += 1;
    run.cancelledSinceMs = model.world.nowMs;
    // Nothing of it has begun, so the server cancels its clean-up jobs too.
    if (run.isHeld) run.isForcedByGroup = true;
    if (data.superseded_by !== undefined) model.world.count(run.isHeld ? 'waiting run superseded' : 'run made way');
    run.isForced ||= data.forced === true;
    return;
  }
  if (what === 'admitted') {
    applyAdmitted(model, run);
    beginRunTimeout(run, event.at_ms);
    return;
  }
  if (what === 'rerun') {
    beginRerun(model, run, event, data);
    return;
  }
  const isAllowed = what === 'running' ? run.state === 'queued' : !endStates.has(run.state) && endStates.has(what);
  if (!isAllowed) model.violated('a run goes from queued to running to its end', `${run.id}: ${run.state} to ${what}`);
  run.state = what;
  if (what === 'running' && run.deadlineMs === null && run.cancelRequests === 0) beginRunTimeout(run, event.at_ms);
  if (!endStates.has(what)) return;
  run.isHeld = false;
  run.deadlineMs = null;
}

function applyToJob(model: Model, place: Place, event: StoredEvent, data: EventData, touched: Touched): void {
  const { run, job } = place;
  const to = event.type.slice('job.'.length) as ModelState;
  const refuse = (why: string) =>
    model.violated('jobs change only as the rules say', `${run.id}/${job.def.key} ${job.state} to ${to}: ${why}`);

  // A large run is cancelled in ranges, and what needs a range is skipped before its own turn comes.
  const followsCancel = to === 'skipped' && run.cancelRequests > 0;
  const isBefore = to === 'cancelled' || to === 'waiting' || (to === 'open' && job.isReopening);
  if (run.isHeld && !isBefore && !followsCancel) refuse('its run waits for its group');
  noteMade(place, to, refuse);
  if (event.type === 'job.stopping') {
    stopTimedOut(model, place, event, data, refuse);
    return;
  }
  if (to === 'waiting') {
    applyReset(model, place, refuse);
    return;
  }
  if (applyToNode(model, place, to, data, refuse, event.job ?? 0)) return;
  if (job.state === 'running' && to !== 'running' && to !== 'skipped') {
    endAttempt(model, place, event, data, refuse);
    return;
  }
  switch (to) {
    case 'running':
      begin(model, place, event, data, touched, refuse);
      return;
    case 'queued':
      if (job.state === 'delayed') {
        if (event.at_ms < (job.delayedUntilMs ?? 0)) refuse('before its delay was over');
        model.world.count('retry after a delay');
        beginQueueTimeout(place, event.at_ms);
      } else {
        const isHeld = job.state === 'held';
        if (!isHeld && (job.state !== 'waiting' || verdictOn(run, job) !== 'queued')) {
          refuse(`the rules say ${job.state === 'waiting' ? verdictOn(run, job) : 'no'}`);
        }
        if (!isHeld) beginQueueTimeout(place, event.at_ms);
        if (job.def.group != null || maxParallelOf(job) !== null) noteAdmitted(model, place, touched, event.at_ms);
      }
      job.enqueuedAtMs = event.at_ms;
      break;
    case 'held':
      if (job.state === 'queued') {
        if (!model.pauses.perhapsPaused('run', run.id)) refuse('its run is not paused');
        model.world.count('job held by a pause');
        break;
      }
      if (job.state !== 'waiting' || verdictOn(run, job) !== 'queued') refuse('it does not come to a gate');
      if (job.def.group == null && maxParallelOf(job) === null && !model.pauses.perhapsPaused('run', run.id))
        refuse('it has no gate to wait at');
      beginQueueTimeout(place, event.at_ms);
      applyHeld(model, place, event.at_ms);
      break;
    case 'skipped':
      if (job.state !== 'waiting' || verdictOn(run, job) !== 'skipped') refuse(`the rules say ${verdictOn(run, job)}`);
      break;
    case 'cancelled':
      checkCancelled(model, place, refuse);
      break;
    case 'failure':
      if (data.reason === 'queue_timeout') {
        applyQueueTimeout(model, place, event.at_ms, data, refuse);
        return;
      }
      if (job.state !== 'waiting' || verdictOn(run, job) !== 'failure') refuse('it does not run');
      else model.world.count(job.def.matrix == null ? 'job without a value for an expression' : 'matrix that is wrong');
      break;
    default:
      refuse('it does not run');
  }
  job.state = to;
}

function checkCancelled(model: Model, place: Place, refuse: (why: string) => void): void {
  const { run, job } = place;
  if (endStates.has(job.state)) refuse('it has ended');
  if (mayCancelChild(model, place)) return;
  if (run.cancelRequests === 0) refuse('nobody cancelled the run');
  const spares = job.def.condition?.survivesCancel === true && !run.isForced;
  if (spares && job.state !== 'running') refuse('its condition says that it outlives a cancel');
}

function begin(
  model: Model,
  { run, job }: Place,
  event: StoredEvent,
  data: EventData,
  touched: Touched,
  refuse: (why: string) => void,
): void {
  if (job.state !== 'queued') refuse('it cannot be claimed');
  const pause = model.pauses.forbids({ run, job });
  if (pause !== null) refuse(pause);
  if (job.attempts.at(-1)?.outcome === null) refuse('the attempt before it has not ended');
  for (const ord of job.def.needs) {
    if (run.jobs[ord]?.attempts.at(-1)?.outcome === null)
      refuse(`an attempt of j${ord}, which it needs, has not ended`);
  }
  if (event.attempt !== job.attempt) refuse(`attempt ${event.attempt} after ${job.attempt} others`);
  if (job.attempt - job.budgetFrom > job.def.retries) refuse('its retries are used up');
  const attempt = {
    run,
    job,
    number: job.attempt,
    workerId: data.worker_id ?? '',
    claimedAtMs: event.at_ms,
    outcome: null,
    endedAtMs: 0,
    error: '',
    stop: null,
    lease: null,
  };
  job.attempts.push(attempt);
  touched.claims.push(attempt);
  job.state = 'running';
}
