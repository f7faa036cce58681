import { endAttempt } from './end-attempt.js';
import type { Model, Place, Touched } from './model.js';
import { verdictOn } from './rules.js';
import { endStates, type ModelRun, type ModelState, type StoredEvent } from './states.js';

/** What an event says beside its type. */
export interface EventData {
  readonly outcome?: string;
  readonly error?: string;
  readonly until_ms?: number;
  readonly worker_id?: string;
  readonly forced?: boolean;
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
  applyToJob(model, place, event, data, touched);
  const { job } = place;
  model.touch(touched, place);
  if (before === 'queued' && job.state !== 'queued') model.unsetQueued(place);
  if (before !== 'queued' && job.state === 'queued') model.setQueued(place);
  if (endStates.has(before) || !endStates.has(job.state)) return;
  run.open -= 1;
  if (job.state === 'failure') run.failed += 1;
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
    run.cancelRequests += 1;
    if (data.forced) {
      if (run.cancelRequests === 1) model.violated('only a second cancel is forced', `run ${run.id}`);
      run.isForced = true;
    }
    return;
  }
  const isAllowed = what === 'running' ? run.state === 'queued' : !endStates.has(run.state) && endStates.has(what);
  if (!isAllowed) model.violated('a run goes from queued to running to its end', `${run.id}: ${run.state} to ${what}`);
  run.state = what;
}

function applyToJob(model: Model, place: Place, event: StoredEvent, data: EventData, touched: Touched): void {
  const { run, job } = place;
  const to = event.type.slice('job.'.length) as ModelState;
  const refuse = (why: string) =>
    model.violated('jobs change only as the rules say', `${run.id}/${job.def.key} ${job.state} to ${to}: ${why}`);

  if (job.state === 'running' && to !== 'running' && to !== 'skipped') {
    endAttempt(model, place, event, data, refuse);
    return;
  }
  switch (to) {
    case 'running':
      begin(place, event, data, touched, refuse);
      return;
    case 'queued':
      if (job.state === 'delayed') {
        if (event.at_ms < (job.delayedUntilMs ?? 0)) refuse('before its delay was over');
        model.world.count('retry after a delay');
      } else if (job.state !== 'waiting' || verdictOn(run, job) !== 'queued') {
        refuse(`the rules say ${job.state === 'waiting' ? verdictOn(run, job) : 'no'}`);
      }
      job.enqueuedAtMs = event.at_ms;
      break;
    case 'skipped':
      if (job.state !== 'waiting' || verdictOn(run, job) !== 'skipped') refuse(`the rules say ${verdictOn(run, job)}`);
      break;
    case 'cancelled':
      checkCancelled(place, refuse);
      break;
    default:
      refuse('it does not run');
  }
  job.state = to;
}

function checkCancelled({ run, job }: Place, refuse: (why: string) => void): void {
  if (run.cancelRequests === 0) refuse('nobody cancelled the run');
  if (endStates.has(job.state)) refuse('it has ended');
  const spares = job.def.condition?.survivesCancel === true && !run.isForced;
  if (spares && job.state !== 'running') refuse('its condition says that it outlives a cancel');
}

function begin(
  { run, job }: Place,
  event: StoredEvent,
  data: EventData,
  touched: Touched,
  refuse: (why: string) => void,
): void {
  if (job.state !== 'queued') refuse('it cannot be claimed');
  if (event.attempt !== job.attempt) refuse(`attempt ${event.attempt} after ${job.attempt} others`);
  if (job.attempt > job.def.retries) refuse('its retries are used up');
  const attempt = {
    run,
    job,
    number: job.attempt,
    workerId: data.worker_id ?? '',
    claimedAtMs: event.at_ms,
    outcome: null,
    endedAtMs: 0,
    error: '',
    lease: null,
  };
  job.attempts.push(attempt);
  touched.claims.push(attempt);
  job.state = 'running';
}
