import type { ClaimedJob } from '../../src/engine/engine.js';
import type { Lease } from './model/lease.js';
import type { Model } from './model/model.js';
import type { ModelAttempt } from './model/states.js';

/** Every lease that somebody was told of, and how long it certainly and perhaps lives. */
export class Leases {
  readonly byId = new Map<string, Lease>();
  readonly #model: Model;
  readonly #databaseNow: () => number;

  constructor(model: Model, databaseNow: () => number) {
    this.#model = model;
    this.#databaseNow = databaseNow;
  }

  /** The lease of a claimed job, new or told again. Null, and a violation, when there is no such attempt. */
  granted(job: ClaimedJob, credential: string | null, isPushed: boolean): Lease | null {
    const known = this.byId.get(job.leaseId);
    if (known !== undefined) return known;
    const attempt = this.#attemptOf(job);
    if (attempt === null) {
      this.#model.violated('a claim is acknowledged after it is stored', `${job.runId}/${job.jobKey} ${job.attempt}`);
      return null;
    }
    // One that is told late may have been given more time while nobody knew of it.
    const nowMs = this.#databaseNow();
    const perhapsMs = Math.max(job.grantedAtMs, nowMs - 5_000 > job.grantedAtMs ? nowMs : 0) + job.ttlSecs * 1000;
    const { timeoutSecs } = attempt.job.def;
    const timeoutAtMs = timeoutSecs === null ? null : attempt.claimedAtMs + timeoutSecs * 1000;
    const lease: Lease = {
      id: job.leaseId,
      attempt,
      credential,
      ttlMs: job.ttlSecs * 1000,
      isPushed,
      sureUntilMs: attempt.claimedAtMs + job.ttlSecs * 1000,
      perhapsUntilMs: perhapsMs,
      timeoutAtMs: timeoutAtMs === null ? null : { sure: timeoutAtMs, perhaps: Math.max(timeoutAtMs, perhapsMs) },
      reports: new Map(),
      chunks: new Map(),
      renewalsSent: 0,
      renewalsAnswered: 0,
      releasesSent: 0,
      arrivedAtMs: null,
      isArrivalSafe: () => false,
    };
    attempt.lease = lease;
    this.byId.set(lease.id, lease);
    return lease;
  }

  /** A server is up again: who could not renew meanwhile has the full time once more. */
  graceForAll(fromMs: number, toMs: number): void {
    for (const lease of this.#live()) {
      // The clock of this life may be behind that of the one before: only what it gave counts.
      lease.sureUntilMs = fromMs + lease.ttlMs;
      lease.perhapsUntilMs = Math.max(lease.perhapsUntilMs, toMs + lease.ttlMs);
      if (lease.timeoutAtMs === null) continue;
      lease.timeoutAtMs.sure = Math.max(lease.timeoutAtMs.sure, fromMs + lease.ttlMs);
      lease.timeoutAtMs.perhaps = Math.max(lease.timeoutAtMs.perhaps, toMs + lease.ttlMs);
    }
  }

  /** A server died: it may have given the time, or renewed a lease, without being able to say so. */
  perhapsGraceForAll(): void {
    const nowMs = this.#databaseNow();
    for (const lease of this.#live()) {
      lease.perhapsUntilMs = Math.max(lease.perhapsUntilMs, nowMs + lease.ttlMs);
      if (lease.timeoutAtMs === null) continue;
      lease.timeoutAtMs.perhaps = Math.max(lease.timeoutAtMs.perhaps, nowMs + lease.ttlMs);
    }
  }

  #live(): Lease[] {
    return [...this.byId.values()].filter(({ attempt }) => attempt.outcome === null);
  }

  #attemptOf(job: ClaimedJob): ModelAttempt | null {
    const attempts = this.#model.jobByKey(job.runId, job.jobKey)?.job.attempts ?? [];
    const found = attempts.filter(
      ({ number, workerId, claimedAtMs, lease }) =>
        lease === null && number === job.attempt && workerId === job.workerId && claimedAtMs === job.grantedAtMs,
    );
    return found.at(-1) ?? null;
  }
}
