import type { ClaimedJob } from '../../src/engine/engine.js';
import type { Lease } from './model/lease.js';
import type { Model } from './model/model.js';
import type { ModelAttempt } from './model/states.js';

/** Every lease that somebody was told of, and how long it certainly and perhaps lives. */
export class Leases {
  readonly byId = new Map<string, Lease>();
  readonly #model: Model;
  readonly #databaseNow: () => number;
  /** When leases were, or may have been, given their full time again, the last time. */
  #graceAtMs = 0;

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
    const ttlMs = job.ttlSecs * 1000;
    // Leases may have been given more time while nobody knew of this one.
    const isOlderThanGrace = job.grantedAtMs <= this.#graceAtMs;
    const perhapsMs = (isOlderThanGrace ? Math.max(job.grantedAtMs, this.#databaseNow()) : job.grantedAtMs) + ttlMs;
    const { timeoutSecs } = attempt.job.def;
    const timeoutAtMs = timeoutSecs === null ? null : attempt.claimedAtMs + timeoutSecs * 1000;
    const timeoutPerhapsMs = Math.max(timeoutAtMs ?? 0, isOlderThanGrace ? perhapsMs : 0);
    const lease: Lease = {
      id: job.leaseId,
      attempt,
      credential,
      ttlMs,
      isPushed,
      sureUntilMs: attempt.claimedAtMs + ttlMs,
      perhapsUntilMs: perhapsMs,
      timeoutAtMs: timeoutAtMs === null ? null : { sure: timeoutAtMs, perhaps: timeoutPerhapsMs },
      reports: new Map(),
      chunks: new Map(),
      renewalsSent: 0,
      renewing: new Set(),
      renewalsAnswered: 0,
      releasesSent: 0,
      toldOverAtMs: null,
      arrivedAtMs: null,
      isArrivalSafe: () => false,
    };
    attempt.lease = lease;
    this.byId.set(lease.id, lease);
    return lease;
  }

  /** A server is up again: who could not renew meanwhile has the full time once more. */
  graceForAll(fromMs: number, toMs: number): void {
    this.#graceAtMs = Math.max(this.#graceAtMs, toMs);
    for (const lease of this.live()) {
      // The clock of this life may be behind that of the one before: only what it gave counts.
      lease.sureUntilMs = fromMs + lease.ttlMs;
      lease.perhapsUntilMs = Math.max(lease.perhapsUntilMs, toMs + lease.ttlMs);
      this.#graceForStop(lease, fromMs, toMs);
      if (lease.timeoutAtMs === null || lease.attempt.stop !== null) continue;
      lease.timeoutAtMs.sure = Math.max(lease.timeoutAtMs.sure, fromMs + lease.ttlMs);
      lease.timeoutAtMs.perhaps = Math.max(lease.timeoutAtMs.perhaps, toMs + lease.ttlMs);
    }
  }

  /** A server died: it may have given the time, or renewed a lease, without being able to say so. */
  perhapsGraceForAll(): void {
    const nowMs = this.#databaseNow();
    this.#graceAtMs = Math.max(this.#graceAtMs, nowMs);
    for (const lease of this.live()) {
      lease.perhapsUntilMs = Math.max(lease.perhapsUntilMs, nowMs + lease.ttlMs);
      this.#graceForStop(lease, Number.NEGATIVE_INFINITY, nowMs);
      if (lease.timeoutAtMs === null || lease.attempt.stop !== null) continue;
      lease.timeoutAtMs.perhaps = Math.max(lease.timeoutAtMs.perhaps, nowMs + lease.ttlMs);
    }
  }

  /** The first change after the database was away gave every live lease its full time again. */
  graceAfterOutage(nowMs: number): void {
    this.#graceAtMs = Math.max(this.#graceAtMs, nowMs);
    for (const lease of this.live()) {
      const untilMs = nowMs + lease.ttlMs;
      lease.sureUntilMs = Math.max(lease.sureUntilMs, untilMs);
      lease.perhapsUntilMs = Math.max(lease.perhapsUntilMs, untilMs);
      this.#graceForStop(lease, nowMs, nowMs);
      if (lease.timeoutAtMs === null || lease.attempt.stop !== null) continue;
      lease.timeoutAtMs.sure = Math.max(lease.timeoutAtMs.sure, untilMs);
      lease.timeoutAtMs.perhaps = Math.max(lease.timeoutAtMs.perhaps, untilMs);
    }
  }

  /** The report of what is being stopped has its full time again, too. */
  #graceForStop({ attempt: { stop } }: Lease, fromMs: number, toMs: number): void {
    if (stop === null) return;
    stop.sureByMs = Math.max(stop.sureByMs, fromMs + this.#model.stopGraceMs);
    stop.perhapsByMs = Math.max(stop.perhapsByMs, toMs + this.#model.stopGraceMs);
  }

  /** How many live leases somebody was told of. */
  get liveCount(): number {
    return this.live().length;
  }

  /** The leases whose attempts nobody has ended. */
  live(): Lease[] {
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
