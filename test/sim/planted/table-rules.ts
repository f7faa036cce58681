import type { PlantedBug } from './planted-bug.js';

/** Bugs of runs and their jobs: retries, conditions, cancels, cascades, re-runs, and the order of operations. */
export const plantedInRules: readonly PlantedBug[] = [
  {
    name: 'one retry too many',
    file: 'domain/settle.js',
    find: 'attempt >= maxRetries',
    replace: 'attempt > maxRetries',
  },
  {
    name: 'a failure that is final is tried again',
    file: 'domain/settle.js',
    find: '!retryable || ',
    replace: '',
  },
  {
    name: 'a job runs although its need failed',
    file: 'domain/settle.js',
    find: "badNeeds === 0 ? 'queued'",
    replace: "badNeeds >= 0 ? 'queued'",
  },
  {
    name: 'the backoff doubles once too early',
    file: 'domain/retry.js',
    find: '2 ** Math.min(retryNumberFrom0, 52)',
    replace: '2 ** Math.min(retryNumberFrom0 + 1, 52)',
  },
  {
    name: 'answers are given before the commit',
    file: 'engine/writer/writer.js',
    find: 'return [current, given];',
    replace: 'for (const answer of given) answer(); return [current, given];',
  },
  {
    name: 'what is to follow a commit happens before it',
    file: 'engine/writer/writer.js',
    find: 'return [current, given];',
    replace: 'for (const act of current.afterCommit.splice(0)) act(); return [current, given];',
  },
  {
    name: 'a retry does not wait for its delay',
    file: 'store/statements/jobs.js',
    find: ".where('d.delayed_until_ms', '<=', integer('nowMs'))",
    replace: '',
  },
  {
    name: 'a cancel forgets the live attempt',
    file: 'engine/runs/cancel-run.js',
    find: 'const live = jobs.length === 0',
    replace: 'const live = jobs.length >= 0',
  },
  {
    name: 'clean-up jobs end with the first cancel',
    file: 'engine/runs/cancel-run.js',
    find: 'spareUpTo: forced ? conditionKind.survivesCancel : conditionKind.plain,\n                    hold:',
    replace: 'spareUpTo: conditionKind.survivesCancel, hold:',
  },
  {
    name: 'a repeated cancel is forced',
    file: 'engine/runs/cancel-run.js',
    find: 'const force = asked || run.held === 1;',
    replace: 'const force = asked || run.held === 1 || run.cancel_requested_at_ms !== null;',
  },
  {
    name: 'a request id of a run counts for every workflow',
    file: 'engine/runs/start-operation.js',
    find: 'workflow: version.workflow_id, requestId',
    replace: "workflow: '', requestId",
  },
  {
    name: 'a cancel does not tell the clean-up jobs that need what it ended',
    file: 'engine/runs/cancel-run.js',
    find: 'if (run.survivor_count > 0) {',
    replace: 'if (run.survivor_count < 0) {',
  },
  {
    name: 'the jobs that need an ended one are not told',
    file: 'engine/leases/end-attempts.js',
    find: 'await settleJobs(context, batch, ended);',
    replace: 'await settleJobs(context, batch, ended.slice(1));',
  },
  {
    name: 'a lost lease waits for the backoff',
    file: 'engine/leases/end-attempts.js',
    find: 'end.backoff ? retryDelayMs',
    replace: 'true ? retryDelayMs',
  },
  {
    name: 'a cascade that was cut is not marked',
    file: 'engine/runs/settle-jobs.js',
    find: 'await markSettled.run(batch.connection, {',
    replace: 'void ({',
  },
  {
    name: 'a run ends one job early',
    file: 'engine/writer/finish-batch.js',
    find: 'runs.filter((run) => run.open === 0)',
    replace: 'runs.filter((run) => run.open <= 1)',
  },
  {
    name: 'event numbers leave a gap',
    file: 'engine/writer/finish-batch.js',
    find: 'const first = counter.value - count + 1;',
    replace: 'const first = counter.value - count + (count > 3 ? 2 : 1);',
  },
  {
    name: 'a run that is started again by the same request is made again',
    file: 'engine/runs/start-operation.js',
    find: "!earlier.has(run.requestHash ?? '')",
    replace: 'true',
  },
  {
    name: "a server takes its own clock's time for the database's",
    file: 'engine/writer/writer.js',
    find: 'shared.nowIn(connection)',
    replace: 'Promise.resolve(shared.now())',
  },
  {
    name: 're-run: the retries that were used count on',
    file: 'store/statements/reruns.js',
    find: "budget_from: sql.ref('r.attempt')",
    replace: "budget_from: sql.ref('jobs.budget_from')",
  },
  {
    name: 're-run: a need that runs again counts as ended',
    file: 'domain/rerun.js',
    find: 'isReset(need) || !hasEnded(state)',
    replace: '!hasEnded(state)',
  },
  {
    name: 're-run: a request that is sent again runs the jobs again',
    file: 'engine/runs/rerun-run.js',
    find: 'asked.requestId === null',
    replace: 'true',
  },
  {
    name: 're-run: what was to run again after a failure is not among it',
    file: 'engine/runs/load-rerun.js',
    find: '? await jobsWithDependants.run(',
    replace: '? await directDependants.run(',
  },
];
