/** A bug that is planted on purpose: one change of the compiled source, which the simulation must notice. */
export interface PlantedBug {
  readonly name: string;
  /** Below `src`, as compiled. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'a report counts after the lease has expired',
    file: 'domain/lease.js',
    find: 'if (attempt.expiresAtMs <= nowMs) {',
    replace: 'if (attempt.expiresAtMs + 60_000 <= nowMs) {',
  },
  {
    name: 'a report counts after the timeout',
    file: 'domain/lease.js',
    find: 'attempt.timeoutAtMs !== null && attempt.timeoutAtMs <= nowMs',
    replace: 'false',
  },
  {
    name: "another caller's lease is as good as one's own",
    file: 'domain/lease.js',
    find: ' || attempt.credential !== message.credential',
    replace: '',
  },
  {
    name: 'the secret of a lease id is not looked at',
    file: 'domain/lease.js',
    find: 'attempt.leaseHash !== message.leaseHash || ',
    replace: '',
  },
  {
    name: 'a repeated report is refused',
    file: 'domain/lease.js',
    find: 'ended && attempt.reportDigest === digest',
    replace: 'false',
  },
  {
    name: 'any report after the end is taken for a repeat',
    file: 'domain/lease.js',
    find: 'ended && attempt.reportDigest === digest',
    replace: 'ended',
  },
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
    name: 'a condition is asked of a cancelled run that it does not outlive',
    file: 'domain/settle.js',
    find: 'runCancelled && kind !== conditionKind.survivesCancel',
    replace: 'false',
  },
  {
    name: 'the backoff doubles once too early',
    file: 'domain/retry.js',
    find: '2 ** Math.min(retryNumberFrom0, 52)',
    replace: '2 ** Math.min(retryNumberFrom0 + 1, 52)',
  },
  {
    name: 'answers are given before the commit',
    file: 'engine/writer.js',
    find: 'return [current, given];',
    replace: 'for (const answer of given) answer(); return [current, given];',
  },
  {
    name: 'what is to follow a commit happens before it',
    file: 'engine/writer.js',
    find: 'return [current, given];',
    replace: 'for (const act of current.afterCommit.splice(0)) act(); return [current, given];',
  },
  {
    name: 'a parked claim is not woken',
    file: 'engine/serve-parked.js',
    find: 'if (parking.size === 0 || (batch.claimable.size === 0 && batch.heardClaimable.size === 0))',
    replace: 'if (batch.heardClaimable.size === 0)',
  },
  {
    name: 'a claim that was served stays parked',
    file: 'engine/serve-parked.js',
    find: 'parking.leave(claim);\n            claim.deliver',
    replace: 'claim.deliver',
  },
  {
    name: 'a repeated claim gets other jobs',
    file: 'engine/repeated-claims.js',
    find: '(row) => row.expires_at_ms > batch.nowMs',
    replace: '() => false',
  },
  {
    name: 'a claim that is repeated while the first is parked gets a lease of its own',
    file: 'engine/serve-parked.js',
    find: 'claim.requestId === null ? claim :',
    replace: 'true ? claim :',
  },
  {
    name: 'labels are not compared',
    file: 'engine/label-sets.js',
    find: 'if (labelsMatch(required, offered))',
    replace: 'if (required.length > 1 || labelsMatch(required, offered))',
  },
  {
    name: 'the youngest goes first',
    file: 'store/statements/claims.js',
    find: ".orderBy('j.enqueued_at_ms')",
    replace: ".orderBy('j.enqueued_at_ms', 'desc')",
  },
  {
    name: 'priority is not looked at between label sets',
    file: 'store/statements/claims.js',
    find: ".orderBy('j.priority', 'desc')\n    ",
    replace: '',
  },
  {
    name: 'a heartbeat renews nothing',
    file: 'store/statements/attempts.js',
    find: "expires_at_ms: sql.ref('r.expires_at_ms'), deadline_ms: sql.ref('r.deadline_ms'), received: sql.lit(1)",
    replace: 'received: sql.lit(1)',
  },
  {
    name: 'grace after a restart does not move the deadline',
    file: 'store/statements/attempts.js',
    find: 'deadline_ms: dialect.greatest(sql `deadline_ms`, sql `',
    replace: 'deadline_ms: dialect.greatest(sql `deadline_ms`, true ? sql `deadline_ms` : sql `',
  },
  {
    name: 'no grace after a restart',
    file: 'engine/take-up-work.js',
    find: 'return this.#nobodyServedUntil(nowMs) ?',
    replace: 'return false ?',
  },
  {
    name: 'no grace after the database was away',
    file: 'engine/writer.js',
    find: 'shared.awayMs() > tolerableAwayMs',
    replace: 'false',
  },
  {
    name: 'a lease that was told to be over lives on until somebody ends it',
    file: 'engine/create-engine.js',
    find: 'await endWhatWasToldOver(knowledge, batch);',
    replace: '',
  },
  {
    name: 'no grace after the server stood still',
    file: 'engine/writer.js',
    find: 'this.#pulse?.stoodStill() === true',
    replace: 'false',
  },
  {
    name: 'a repeated claim is told to any caller',
    file: 'engine/repeated-claims.js',
    find: 'claim.requestId === null || claim.credential !== row.credential',
    replace: 'claim.requestId === null',
  },
  {
    name: 'word of arrival that comes late waits to be written down',
    file: 'engine/job-session.js',
    find: 'withinMs = Math.min(withinMs,',
    replace: 'Math.min(withinMs,',
  },
  {
    name: 'word of arrival counts for the next lease too',
    file: 'store/statements/attempts.js',
    find: ".whereRef('attempts.lease_hash', '=', 'r.lease_hash')",
    replace: '',
  },
  {
    name: 'a pushed job that never arrived costs an attempt',
    file: 'engine/end-run-out.js',
    find: 'attempts.filter((attempt) => attempt.received === 1)',
    replace: 'attempts',
  },
  {
    name: 'a job that is given back leaves its log behind',
    file: 'engine/give-back.js',
    find: 'await deleteLogsOfAttempts.run(batch.connection, {',
    replace: 'void ({',
  },
  {
    name: 'a retry does not wait for its delay',
    file: 'store/statements/jobs.js',
    find: ".where('d.delayed_until_ms', '<=', integer('nowMs'))",
    replace: '',
  },
  {
    name: 'a cancel forgets the live attempt',
    file: 'engine/cancel-run.js',
    find: 'const live = jobs.length === 0',
    replace: 'const live = jobs.length >= 0',
  },
  {
    name: 'clean-up jobs end with the first cancel',
    file: 'engine/cancel-run.js',
    find: 'spareUpTo: forced ?',
    replace: 'spareUpTo: true ?',
  },
  {
    name: 'a cancel does not tell the clean-up jobs that need what it ended',
    file: 'engine/cancel-run.js',
    find: 'if (run.survivor_count > 0) {',
    replace: 'if (run.survivor_count < 0) {',
  },
  {
    name: 'the jobs that need an ended one are not told',
    file: 'engine/end-attempts.js',
    find: 'await settleJobs(knowledge, batch, ended);',
    replace: 'await settleJobs(knowledge, batch, ended.slice(1));',
  },
  {
    name: 'a lost lease waits for the backoff',
    file: 'engine/end-attempts.js',
    find: 'end.backoff ? retryDelayMs',
    replace: 'true ? retryDelayMs',
  },
  {
    name: 'a cascade that was cut is not marked',
    file: 'engine/settle-jobs.js',
    find: 'await markSettled.run(batch.connection, { rows: telling.map((end) => [end.job, 0]) });',
    replace: '',
  },
  {
    name: 'a run ends one job early',
    file: 'engine/finish-batch.js',
    find: 'runs.filter((run) => run.open === 0)',
    replace: 'runs.filter((run) => run.open <= 1)',
  },
  {
    name: 'event numbers leave a gap',
    file: 'engine/finish-batch.js',
    find: 'const first = counter.value - count + 1;',
    replace: 'const first = counter.value - count + (count > 3 ? 2 : 1);',
  },
  {
    name: 'a run that is started again by the same request is made again',
    file: 'engine/start-run.js',
    find: 'run.requestHash === null || !earlier.has(run.requestHash)',
    replace: 'true',
  },
  {
    name: 'chunks of another job are stored',
    file: 'engine/push-logs.js',
    find: 'if (at === -1)',
    replace: 'if (at >= -1)',
  },
  {
    name: 'a chunk that printed an output is not scanned',
    file: 'engine/push-logs.js',
    find: 'if (text.includes(marker))\n        return true;',
    replace: '',
  },
  {
    name: 'a watch passes over an event when it resumes',
    file: 'engine/watch-runs.js',
    find: 'let after = query.afterEvent;',
    replace: 'let after = query.afterEvent === null ? null : query.afterEvent + (query.afterEvent % 5 === 4 ? 1 : 0);',
  },
  {
    name: "a server takes its own clock's time for the database's",
    file: 'engine/writer.js',
    find: 'shared.nowIn(connection)',
    replace: 'Promise.resolve(shared.now())',
  },
  {
    name: 'the deadlines stop after a failure',
    file: 'engine/loops/deadlines.js',
    find: 'return this.#context.environment.now() + 1_000;',
    replace: 'this.#stopped = true; return 0;',
  },
];
