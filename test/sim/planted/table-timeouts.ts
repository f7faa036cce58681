// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the compiled statements have templates
import type { PlantedBug } from './planted-bug.js';

/** Bugs of timeouts of the queue and of runs, of `retry-on`, `continue-on-error` and `max-parallel`, and of what falls due. */
export const plantedInTimeouts: readonly PlantedBug[] = [
  {
    name: 'queue timeout: the place of a job that nobody claimed does not come back',
    file: 'engine/runs/time-out-queued.js',
    find: 'batch.gates.left(places);',
    replace: ';',
  },
  {
    name: 'queue timeout: a retry has what the attempt before it left',
    file: 'store/statements/jobs.js',
    find: 'else r.enqueued_at_ms + jobs.queue_timeout_ms end',
    replace: 'else jobs.due_at_ms end',
  },
  {
    name: 'queue timeout: what needs the job is not told',
    file: 'engine/runs/time-out-queued.js',
    find: 'await settleJobs(context, batch, failures.map',
    replace: 'await settleJobs(context, batch, [].map',
  },
  {
    name: 'run timeout: it ends the clean-up jobs at once',
    file: 'store/statements/cancel-runs.js',
    find: 'cancel_forced: sql `case when runs.cancel_requested_at_ms is null then 0 else 1 end`',
    replace: 'cancel_forced: sql `1`',
  },
  {
    name: 'run timeout: the run ends as cancelled',
    file: 'domain/states.js',
    find: 'if (tally.timedOut)',
    replace: 'if (false)',
  },
  {
    name: 'retry-on: an exit code is a failure like any other',
    file: 'domain/retry.js',
    find: "return cause === 'failure' && exitCode !== null && on.some((rule) => hasExitCode(rule, exitCode));",
    replace: "return cause === 'failure';",
  },
  {
    name: 'continue-on-error: what needs the job sees a failure',
    file: 'engine/leases/end-attempts.js',
    find: "succeeded: state === 'success' || isTolerated",
    replace: "succeeded: state === 'success'",
  },
  {
    name: 'continue-on-error: the failure fails the run',
    file: 'engine/leases/end-attempts.js',
    find: "isTolerated ? 'tolerated' : state",
    replace: 'state',
  },
  {
    name: 'max-parallel: the place of a child that ended does not come back',
    file: 'engine/gates/admit-jobs.js',
    find: 'in_use - (gates.returned.get(no) ?? 0)',
    replace: "in_use - (key.startsWith('node:') ? 0 : (gates.returned.get(no) ?? 0))",
  },
  {
    name: 'a report counts before the lines that were sent before it in one turn',
    file: 'engine/writer/operation-order.js',
    find: "    ['push-logs', 'Before the end of its attempt, which takes outputs from the log.'],\n",
    replace: '',
  },
];
