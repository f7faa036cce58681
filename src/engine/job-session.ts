import { labelsKey, normaliseLabels } from '../domain/labels.js';
import { type Claim, receivedWithinMs } from './claim.js';
import { claimOperation } from './claim-operation.js';
import type { EngineContext } from './context.js';
import type { Caller, ClaimedJob } from './engine.js';
import { parseLeaseId } from './lease-id.js';
import { receivedOperation } from './lease-operations.js';
import { type LeaseNews, LeaseWatch } from './lease-watch.js';
import type { Parking } from './parking.js';

/** Who opens a session, and what it can do. */
export interface SessionHello {
  readonly caller: Caller;
  readonly workerId: string;
  readonly labels: readonly string[];
  readonly leaseTtlSecs: number | null;
  readonly slots: number;
  readonly version: string;
}

/** Where a session's jobs and news go. The calls come one after another and must not throw. */
export interface SessionSink {
  jobs(jobs: readonly ClaimedJob[]): void;
  news(news: LeaseNews): void;
  /** The session cannot go on. */
  failed(error: unknown): void;
}

/**
 * A worker's session: the server pushes jobs while the worker has credits. A session keeps at most one claim, parked
 * while there is nothing to take, and asks again for what is left of its credits when that is served.
 */
export interface JobSession {
  addCredits(count: number): void;
  /** Pushed jobs have arrived at the worker. */
  received(leaseIds: readonly string[]): void;
  /** A report on this lease was answered: its slot is free. */
  reported(leaseId: string): void;
  /** The worker takes no more jobs. */
  drain(): void;
  /** The connection is gone: what was parked for it is freed. Leases live on until they expire. */
  close(): void;
}

/**
 * How long the word that a job has arrived waits to be written down. A job that ends sooner never costs the write; for
 * one that is still at work nothing is lost meanwhile, since every heartbeat says so too. Where the time for it is over
 * soon it waits a quarter of what is left at most: an attempt that was not known to have arrived would not count.
 */
const receivedWriteMs = 1_000;

/** How often an open session counts as a sign of life. */
const aliveEveryMs = 20_000;

/** By when the server must know that a pushed job has arrived. */
function arriveByMs({ grantedAtMs, ttlSecs, spec }: ClaimedJob): number {
  return grantedAtMs + Math.min(receivedWithinMs, 1000 * ttlSecs, 1000 * (spec.timeoutSecs ?? ttlSecs));
}

export interface SessionVerbs {
  registerWorker(input: { workerId: string; labels: readonly string[]; slots: number; version: string }): Promise<void>;
  heartbeatWorker(workerId: string): Promise<void>;
}

export function openSessionVerb(context: EngineContext, parking: Parking<Claim>, verbs: SessionVerbs) {
  const claims = claimOperation(context, parking);
  const received = receivedOperation();

  return (hello: SessionHello, sink: SessionSink): JobSession => {
    const labels = normaliseLabels(hello.labels);
    const watch = new LeaseWatch(context, (news) => {
      if (news.kind === 'lost') arriveBy.delete(news.leaseId);
      sink.news(news);
    });
    const arrived = new Set<string>();
    /** Of pushed jobs that have not arrived, by lease: until when the word counts. */
    const arriveBy = new Map<string, number>();
    let credits = 0;
    let claim: Claim | null = null;
    let isOpen = true;
    let armedWithinMs = receivedWriteMs;
    let cancelReceivedTimer: (() => void) | null = null;
    let cancelAliveTimer = () => {};

    verbs
      .registerWorker({ workerId: hello.workerId, labels, slots: hello.slots, version: hello.version })
      .then(keepAlive)
      .catch(sink.failed);

    function keepAlive(): void {
      cancelAliveTimer = context.environment.after(aliveEveryMs, () => {
        verbs.heartbeatWorker(hello.workerId).catch(() => {});
        keepAlive();
      });
    }

    /** Asks for as many jobs as there are credits, unless a claim is on its way. */
    function pump(): void {
      if (!isOpen || credits <= 0) return;
      if (claim !== null) {
        claim.maxJobs = credits;
        return;
      }
      const asked: Claim = {
        credential: hello.caller.credential,
        workerId: hello.workerId,
        labels,
        labelsKey: labelsKey(labels),
        leaseTtlSecs: hello.leaseTtlSecs,
        requestId: null,
        maxJobs: credits,
        pushed: true,
        deliver: push,
      };
      claim = asked;
      context.writer
        .submit(claims, asked)
        .then((jobs) => {
          if (jobs.length > 0) push(jobs);
          else if (!isOpen) parking.leave(asked);
        })
        .catch((error: unknown) => {
          claim = null;
          sink.failed(error);
        });
    }

    function push(jobs: readonly ClaimedJob[]): void {
      claim = null;
      credits -= jobs.length;
      if (!isOpen) return;
      for (const job of jobs) {
        watch.add(job.leaseId);
        arriveBy.set(job.leaseId, arriveByMs(job));
      }
      if (jobs.length > 0) sink.jobs(jobs);
      pump();
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

    function leaveParking(): void {
      if (claim !== null && parking.leave(claim)) claim = null;
    }

    return {
      addCredits(count) {
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
        writeReceivedWithin(Math.max(0, withinMs));
      },
      reported(leaseId) {
        watch.remove(leaseId);
        arrived.delete(leaseId);
        arriveBy.delete(leaseId);
        credits += 1;
        pump();
      },
      drain() {
        credits = Number.NEGATIVE_INFINITY;
        leaveParking();
      },
      close() {
        isOpen = false;
        leaveParking();
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
