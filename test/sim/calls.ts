import { DomainError, type LeaseRefusal } from '../../src/domain/errors.js';
import type { ClaimedJob, ClaimJobs, LeaseRenewal, NewLogChunk } from '../../src/engine/engine.js';
import { untilAborted } from '../support/patience.js';
import { checkClaim } from './checks/claim.js';
import { checkRefusal } from './checks/refusal.js';
import { checkAccepted, noteReport } from './checks/report.js';
import { isToStop, type Lease } from './model/lease.js';
import { offerOf } from './model/offer.js';
import type { LiveServer, SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

/** What a call under a lease is about, for the judgement of its refusal. */
export type LeaseCall = 'complete' | 'fail' | 'heartbeat' | 'logs' | 'release';

export interface EndOfJob {
  readonly kind: 'success' | 'failure';
  readonly outputs: ReadonlyMap<string, string>;
  readonly error: string;
  readonly retryable: boolean;
  /** Of the command; null when the worker reports none. */
  readonly exitCode: number | null;
}

/**
 * The engine's verbs as the simulation calls them: each answer is judged, in the moment in which it is given, by what is
 * committed and what was sent.
 */
export class Calls {
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  async claim(
    server: SimServer,
    live: LiveServer,
    input: ClaimJobs,
    signal: AbortSignal | null,
  ): Promise<ClaimedJob[]> {
    const { world, waiting, model } = this.#simulation;
    const waiter =
      input.waitMs > 0
        ? { workerId: input.workerId, server, live, offer: offerOf(input), sinceMs: world.nowMs, wants: input.maxJobs }
        : null;
    if (waiter !== null) waiting.add(waiter);
    // One that has given up its wait is not heard of again.
    const gone = () => {
      if (waiter !== null) waiting.remove(waiter);
    };
    signal?.addEventListener('abort', gone);
    const before = model.events.length;
    try {
      const jobs = await live.engine.claimJobs(input, signal === null ? null : untilAborted(signal));
      world.count(jobs.length === 0 ? 'claim without a job' : 'claim with a job');
      checkClaim(this.#simulation, input, jobs, before);
      return jobs;
    } catch (error) {
      this.#simulation.expectInjected('a claim', error);
      throw error;
    } finally {
      gone();
    }
  }

  pushed(jobs: readonly ClaimedJob[], input: ClaimJobs): void {
    checkClaim(this.#simulation, input, jobs, null);
  }

  async end(live: LiveServer, leaseId: string, credential: string | null, end: EndOfJob): Promise<void> {
    const receivedAtMs = live.environment.now();
    const lease = this.#leaseOf(leaseId, credential);
    const report = lease === null ? null : noteReport(lease, end);
    // What had ended before it came is a repeat, to which no time applies.
    const isRepeat = lease?.attempt.outcome != null;
    const call = end.kind === 'success' ? 'complete' : 'fail';
    this.#noteRace(lease);
    await this.#leaseMessage(call, lease, report, receivedAtMs, async () => {
      if (end.kind === 'success') await live.engine.completeJob({ credential }, leaseId, end.outputs);
      else {
        const { error, retryable, exitCode } = end;
        await live.engine.failJob({ credential }, leaseId, { error, retryable, exitCode });
      }
    });
    if (lease === null || report === null) {
      this.#simulation.world.violated('nobody reports under a lease that is not his', leaseId);
    } else {
      checkAccepted(this.#simulation, lease, report, isRepeat ? null : receivedAtMs);
    }
  }

  async heartbeat(live: LiveServer, leaseId: string, credential: string | null): Promise<LeaseRenewal> {
    const receivedAtMs = live.environment.now();
    const sentAtMs = this.#simulation.clock.databaseNow();
    const lease = this.#leaseOf(leaseId, credential);
    const underWay = { at: live.process };
    if (lease !== null) lease.renewalsSent += 1;
    lease?.renewing.add(underWay);
    const stopBefore = lease?.attempt.outcome === null ? (lease.attempt.stop?.reason ?? null) : null;
    let renewal: LeaseRenewal;
    try {
      renewal = await this.#leaseMessage('heartbeat', lease, null, receivedAtMs, () =>
        live.engine.heartbeatLease({ credential }, leaseId),
      );
    } catch (error) {
      if (lease !== null && !isRefusal(error)) this.#perhapsRenewed(lease);
      throw error;
    } finally {
      lease?.renewing.delete(underWay);
    }
    if (lease === null) {
      this.#simulation.world.violated('nobody renews a lease that is not his', leaseId);
      return renewal;
    }
    const nowMs = this.#simulation.clock.databaseNow();
    lease.renewalsAnswered += 1;
    lease.sureUntilMs = Math.max(lease.sureUntilMs, sentAtMs + lease.ttlMs);
    lease.perhapsUntilMs = Math.max(lease.perhapsUntilMs, nowMs + lease.ttlMs);
    const told = renewal.stop?.reason ?? null;
    if (told !== null) this.#simulation.world.count(`heartbeat told to stop: ${told}`);
    const isTrue = told === null ? stopBefore === null : isToStop(lease, told, nowMs);
    if (!isTrue) this.#simulation.world.violated('a heartbeat says truly whether to stop', `${leaseId}: ${told}`);
    return renewal;
  }

  async release(live: LiveServer, leaseId: string, credential: string | null): Promise<void> {
    const receivedAtMs = live.environment.now();
    const lease = this.#leaseOf(leaseId, credential);
    if (lease !== null) lease.releasesSent += 1;
    await this.#leaseMessage('release', lease, null, receivedAtMs, () =>
      live.engine.releaseJob({ credential }, leaseId),
    );
    if (lease?.attempt.outcome !== 'released') {
      this.#simulation.world.violated('what is given back is back', `${leaseId}: ${lease?.attempt.outcome}`);
    }
  }

  async logs(
    live: LiveServer,
    leaseId: string,
    credential: string | null,
    chunks: readonly NewLogChunk[],
    isMisdirected: boolean,
  ): Promise<void> {
    const receivedAtMs = live.environment.now();
    const lease = this.#leaseOf(leaseId, credential);
    if (lease !== null && !isMisdirected) noteChunks(lease, chunks);
    const stored = await this.#leaseMessage(
      'logs',
      lease,
      null,
      receivedAtMs,
      () => live.engine.pushLogs({ credential }, leaseId, chunks),
      isMisdirected,
    );
    const { world } = this.#simulation;
    if (lease === null) world.violated('nobody logs under a lease that is not his', leaseId);
    else if (isMisdirected) world.violated('a chunk of another job is refused', leaseId);
    else for (const chunk of chunks) chunkOf(lease, chunk).isStored = true;
    if (stored !== chunks.length) world.violated('every chunk is stored', `${stored} of ${chunks.length}`);
  }

  /** Counts a report of a run that is just being cancelled. */
  #noteRace(lease: Lease | null): void {
    const { cancelling, world } = this.#simulation;
    if (lease === null || lease.attempt.outcome !== null) return;
    const { id, workflowId } = lease.attempt.run;
    if (cancelling.has(id) || cancelling.has(workflowId)) world.count('report while its run is being cancelled');
  }

  /** It failed, and may have been stored all the same. */
  #perhapsRenewed(lease: Lease): void {
    lease.perhapsUntilMs = Math.max(lease.perhapsUntilMs, this.#simulation.clock.databaseNow() + lease.ttlMs);
  }

  /** Null for one that was never granted, or not to this caller. */
  #leaseOf(leaseId: string, credential: string | null): Lease | null {
    const lease = this.#simulation.leases.byId.get(leaseId);
    return lease === undefined || lease.credential !== credential ? null : lease;
  }

  async #leaseMessage<T>(
    call: LeaseCall,
    lease: Lease | null,
    report: ReturnType<typeof noteReport> | null,
    receivedAtMs: number,
    work: () => Promise<T>,
    isMisdirected = false,
  ): Promise<T> {
    const { world } = this.#simulation;
    try {
      const result = await work();
      world.count(`${call} taken`);
      return result;
    } catch (error) {
      if (isRefusal(error)) {
        world.count(`${call} refused: ${error.reason}`);
        checkRefusal(this.#simulation, { call, lease, report, receivedAtMs, reason: error.reason });
      } else if (isMisdirected && error instanceof DomainError && error.code === 'malformed') {
        world.count('chunk of another job refused');
      } else {
        this.#simulation.expectInjected(call, error);
      }
      throw error;
    }
  }
}

function isRefusal(error: unknown): error is DomainError & { readonly reason: LeaseRefusal } {
  return error instanceof DomainError && error.reason !== null;
}

function chunkOf(lease: Lease, chunk: NewLogChunk) {
  const key = `${chunk.sequence}/${chunk.stream}`;
  let known = lease.chunks.get(key);
  if (known === undefined) {
    known = { texts: new Set(), isStored: false };
    lease.chunks.set(key, known);
  }
  return known;
}

function noteChunks(lease: Lease, chunks: readonly NewLogChunk[]): void {
  for (const chunk of chunks) chunkOf(lease, chunk).texts.add(chunk.data);
}
