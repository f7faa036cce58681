import { DomainError } from '../../domain/errors.js';
import { makeOffer } from '../../domain/labels.js';
import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import { parseLeaseId } from '../leases/lease-id.js';
import { receivedOperation } from '../leases/lease-operations.js';
import { type LeaseEvent, LeaseWatch } from '../leases/lease-watch.js';
import type { DrainState } from '../memory/drains.js';
import type { ClaimedJob } from './claim.js';
import { type Claim, receivedWithinMs } from './claim.js';
import { claimOperation } from './claim-operation.js';
import { HeldJobs } from './held-jobs.js';
import { claimLimits } from './limits.js';
import type { Parking } from './parking.js';
import type { RegisterWorker } from './register-worker.js';

/** The worker that opens a session, and its abilities. */
export interface SessionHello {
  readonly caller: Caller;
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly onlyLabelled: boolean;
  readonly leaseTtlSecs: number | null;
  readonly slots: number;
  readonly version: string;
}

/** Receives a session's jobs and lease events. The calls come one after another and must not throw. */
export interface SessionSink {
  /** Whether it can take more jobs now. If not, the session requests none until `resume`. */
  hasRoom(): boolean;
  jobs(jobs: readonly ClaimedJob[]): void;
  leaseEvent(event: LeaseEvent): void;
  /** The worker began to drain, or its drain was undone: null. */
  drain(drain: DrainState | null): void;
  /** The session cannot continue. */
  failed(error: unknown): void;
}

/**
 * A worker's session: the server pushes jobs while the worker has credits. A session keeps at most one claim, parked
 * while there is nothing to take, and claims again for the remaining credits when that is served.
 */
export interface JobSession {
  /** Errors: `malformed` beyond the credits that a session can have, including those of its unreported jobs. */
  addCredits(count: number): void;
  /** Records that pushed jobs have arrived at the worker. */
  received(leaseIds: readonly string[]): void;
  /** Called when a report was answered. `isUnknown`: no attempt has the lease. */
  reported(leaseId: string, isUnknown: boolean): void;
  /** Called when the sink has room again. */
  resume(): void;
  /** The worker takes no more jobs. */
  drain(): void;
  /** Called when the connection is gone: removes its parked claim. Leases live on until they expire. */
  close(): void;
}

/**
 * How long the confirmation of a job's arrival waits to be written. A job that ends sooner never costs the write; for
 * one that still runs nothing is lost, because every heartbeat confirms it too. If its deadline is near, it waits at
 * most a quarter of the remaining time: without confirmation the attempt would not count.
 */
const receivedWriteMs = 1_000;

/** Interval at which an open session counts as a sign of life. */
const aliveEveryMs = 20_000;

/** By when the server must know that a pushed job has arrived. */
function arriveByMs({ grantedAtMs, ttlSecs, spec }: ClaimedJob): number {
  return grantedAtMs + Math.min(receivedWithinMs, 1000 * ttlSecs, 1000 * (spec.timeoutSecs ?? ttlSecs));
}

export interface SessionVerbs {
  releaseJob(caller: Caller, leaseId: string): Promise<void>;
  registerWorker(input: RegisterWorker): Promise<void>;
  heartbeatWorker(workerId: string, caller: Caller): Promise<void>;
}

export function openSessionVerb(context: EngineContext, parking: Parking<Claim>, verbs: SessionVerbs) {
  const claims = claimOperation(context, parking);
  const received = receivedOperation();

  return (hello: SessionHello, sink: SessionSink): JobSession => {
    const offer = makeOffer(hello.labels, hello.onlyLabelled);
    const watch = new LeaseWatch(context, (event) => {
      if (event.kind === 'lost') {
        arriveBy.delete(event.leaseId);
        // The worker adds its credit again, or still reports the job.
        held.delete(event.leaseId);
      }
      sink.leaseEvent(event);
    });
    const arrived = new Set<string>();
    /** Deadlines of confirmations, by the leases of pushed jobs that have not arrived. */
    const arriveBy = new Map<string, number>();
    const held = new HeldJobs(context, (leaseId) => watch.remove(leaseId));
    let credits = 0;
    let claim: Claim | null = null;
    let isOpen = true;
    let isDraining = false;
    let armedWithinMs = receivedWriteMs;
    let cancelReceivedTimer: (() => void) | null = null;
    let cancelAliveTimer = () => {};

    const unlisten = context.drains.listen(hello.workerId, (drain) => sink.drain(drain));
    const drain = context.drains.of(hello.workerId);
    if (drain !== null) sink.drain(drain);
    verbs.registerWorker(hello).then(keepAlive).catch(sink.failed);

    function keepAlive(): void {
      // The session may have been closed while the registration was written.
      if (!isOpen) return;
      cancelAliveTimer = context.environment.after(aliveEveryMs, () => {
        verbs.heartbeatWorker(hello.workerId, hello.caller).catch(() => {});
        keepAlive();
      });
    }

    /** Claims as many jobs as there are credits, unless a claim is under way. */
    function pump(): void {
      if (!isOpen || isDraining || credits <= 0 || !sink.hasRoom()) return;
      const maxJobs = Math.min(credits, claimLimits.pushedJobs);
      if (claim !== null) {
        claim.maxJobs = maxJobs;
        return;
      }
      const asked: Claim = {
        caller: hello.caller,
        credential: hello.caller.credential,
        workerId: hello.workerId,
        offer,
        leaseTtlSecs: hello.leaseTtlSecs,
        requestId: null,
        maxJobs,
        isWithdrawn: false,
        pushed: true,
        deliver: push,
      };
      claim = asked;
      context.writer
        .submit(claims, asked)
        .then((jobs) => {
          if (jobs.length > 0) push(jobs);
        })
        .catch((error: unknown) => {
          claim = null;
          sink.failed(error);
        });
    }

    function push(jobs: readonly ClaimedJob[]): void {
      claim = null;
      // A transaction that was under way took them for a worker that no longer wants any.
      if (!isOpen || isDraining) {
        releaseUnsent(jobs);
        return;
      }
      credits -= jobs.length;
      for (const job of jobs) {
        held.add(job.leaseId);
        watch.add(job.leaseId);
        arriveBy.set(job.leaseId, arriveByMs(job));
      }
      if (jobs.length > 0) sink.jobs(jobs);
      pump();
    }

    /**
     * Releases jobs that were never sent. If that fails, they are released later, because their arrival is not
     * confirmed.
     */
    function releaseUnsent(jobs: readonly ClaimedJob[]): void {
      for (const { leaseId } of jobs) {
        verbs.releaseJob(hello.caller, leaseId).catch((error: unknown) => {
          context.log.debug({ err: error, lease_job: parseLeaseId(leaseId)?.job }, 'could not release a job at once');
        });
      }
    }

    function writeReceivedWithin(withinMs: number): void {
      if (cancelReceivedTimer !== null && withinMs >= armedWithinMs) return;
      cancelReceivedTimer?.();
      armedWithinMs = withinMs;
      cancelReceivedTimer = context.environment.after(withinMs, writeReceived);
    }

    function writeReceived(): void {
      cancelReceivedTimer = null;
      const leases = [...arrived].map(parseLeaseId).filter((lease) => lease !== null);
      arrived.clear();
      if (leases.length > 0) context.writer.submit(received, leases).catch(sink.failed);
    }

    function freeSlot(): void {
      credits += 1;
      pump();
    }

    /**
     * Called after a report under an unknown lease. It may belong to a job of an earlier session that was released
     * since: that job occupies a slot of the worker that this session does not count. Any other unknown lease has no
     * slot.
     */
    async function freeSlotIfMissing(): Promise<void> {
      if (credits + held.size >= hello.slots) await held.recount();
      if (credits + held.size < hello.slots) freeSlot();
    }

    function withdraw(): void {
      if (claim === null) return;
      claim.isWithdrawn = true;
      if (parking.leave(claim)) claim = null;
    }

    return {
      addCredits(count) {
        if (credits + held.size + count > claimLimits.sessionCredits) {
          throw new DomainError(
            'malformed',
            `add_credits: a session has at most ${claimLimits.sessionCredits} credits`,
          );
        }
        credits += count;
        pump();
      },
      received(leaseIds) {
        const now = context.environment.now();
        let withinMs = receivedWriteMs;
        for (const leaseId of leaseIds) {
          arrived.add(leaseId);
          withinMs = Math.min(withinMs, ((arriveBy.get(leaseId) ?? Number.POSITIVE_INFINITY) - now) / 4);
          arriveBy.delete(leaseId);
        }
        if (isOpen) writeReceivedWithin(Math.max(0, withinMs));
        else writeReceived();
      },
      reported(leaseId, isUnknown) {
        watch.remove(leaseId);
        arrived.delete(leaseId);
        arriveBy.delete(leaseId);
        if (held.delete(leaseId) || !isUnknown) freeSlot();
        else freeSlotIfMissing().catch(sink.failed);
      },
      resume: pump,
      drain() {
        isDraining = true;
        withdraw();
      },
      close() {
        isOpen = false;
        withdraw();
        unlisten();
        cancelAliveTimer();
        if (cancelReceivedTimer !== null) {
          cancelReceivedTimer();
          writeReceived();
        }
        watch.stop();
      },
    };
  };
}
