import { status } from '@grpc/grpc-js';
import { isTemporary, ServerUnreachableError, WorkflowGraphError } from '../errors.js';
import type { JobReport } from '../gen/workflowgraph/v1/job_reports.js';
import type * as pb from '../gen/workflowgraph/v1/types.js';
import { sleep } from '../sleep.js';
import type { FailureReport, Intake, Transport, WorkerDescription } from '../transport.js';
import { untilAborted } from '../until-aborted.js';
import type { LogChunk, Outputs } from '../wire.js';
import { Backoff } from '../worker/backoff.js';
import { type ChannelOptions, GrpcChannel, hasGrpcTarget } from './channel.js';
import { fromServiceError } from './errors.js';
import { toClaim } from './from-wire.js';
import { JobSession, SessionEndedError } from './job-session.js';
import { LogUpload, toWireChunk } from './log-upload.js';
import { StreamUnavailableError } from './stream-unavailable.js';

/** A session that lasted this long counts as good: the next attempt follows soon. */
const GOOD_SESSION_MS = 5_000;

export interface StreamTransportOptions extends ChannelOptions {
  /**
   * Checks over plain HTTP whether the server is reachable, to distinguish an unavailable server from one without
   * streams.
   */
  answersHttp(worker: WorkerDescription): Promise<boolean>;
}

/**
 * The gRPC streams: one session carries pushed jobs and reports, and another stream of the same connection carries
 * logs.
 *
 * When a stream ends, its pending calls fail as unanswered and are retried, so nothing is lost. If the server ended the
 * stream with a refusal, every pending message is resent in a separate call, because the refusal was about only one of
 * them.
 */
export class StreamTransport implements Transport {
  readonly #options: StreamTransportOptions;
  #channel: GrpcChannel | null = null;
  #session: JobSession | null = null;
  #upload: LogUpload | null = null;
  #hasWorked = false;

  constructor(options: StreamTransportOptions) {
    this.#options = options;
  }

  /** Throws a StreamUnavailableError if the server is reachable but does not support this transport. */
  async register(worker: WorkerDescription): Promise<void> {
    if (!hasGrpcTarget(this.#options.serverUrl)) {
      throw new StreamUnavailableError('the URL of the server has a path, and gRPC cannot');
    }
    try {
      await this.#register(worker);
    } catch (error) {
      if (isUnimplemented(error)) throw new StreamUnavailableError('the server does not speak gRPC');
      if (this.#hasWorked || !isTemporary(error) || !(await this.#options.answersHttp(worker))) throw error;
      // The server may have just started: try once more.
      this.#renewChannel();
      await this.#register(worker).catch((again: unknown) => {
        if (isTemporary(again))
          throw new StreamUnavailableError(`plain HTTP works and gRPC does not (${textOf(again)})`);
        throw again;
      });
    }
    this.#hasWorked = true;
  }

  async takeJobs(intake: Intake): Promise<void> {
    const { signal, presence, slots } = intake;
    const backoff = new Backoff();
    while (!signal.aborted) {
      const session = this.#openSession(intake);
      const unfollow = slots.onFreed(() => grantFreeSlots(session, intake));
      await untilAborted(session.leaving, signal);
      unfollow();
      if (signal.aborted) return session.drain();
      if (session.end?.code === status.UNIMPLEMENTED) throw new StreamUnavailableError('the server has no job stream');
      const lastedMs = performance.now() - session.openedAt;
      if (lastedMs > GOOD_SESSION_MS) backoff.reset();
      if (session.end) {
        const error = fromServiceError(session.end, this.#options.serverUrl);
        if (isTemporary(error)) presence.away(error);
        // A refusal of the worker usually recurs at the registration; it can also have been about a report.
        else if (!session.wasHeard && !session.hasReported) throw error;
      }
      await this.#connectAgain(intake, backoff);
    }
  }

  async pushLogs(leaseId: string, chunks: readonly LogChunk[]): Promise<void> {
    if (!this.#upload?.isOpen) this.#upload = new LogUpload(this.#open().logs.streamLogs(this.#open().metadata));
    try {
      await this.#upload.push(leaseId, chunks);
    } catch (error) {
      if (!this.#mayBeMeant(error)) throw this.#asError(error);
      const channel = this.#open();
      const request = { lease_id: leaseId, chunks: chunks.map(toWireChunk) };
      await channel.unary((metadata, options, done) => channel.jobs.pushLogs(request, metadata, options, done));
    }
  }

  complete(leaseId: string, outputs: Outputs): Promise<void> {
    return this.#report({ lease_id: leaseId, success: { values: new Map(Object.entries(outputs)) } });
  }

  fail(leaseId: string, failure: FailureReport): Promise<void> {
    return this.#report({ lease_id: leaseId, failure });
  }

  async release(leaseId: string): Promise<void> {
    const channel = this.#open();
    const request = { lease_id: leaseId };
    await channel.unary((metadata, options, done) => channel.jobs.releaseJob(request, metadata, options, done));
  }

  close(): void {
    this.#session?.close();
    this.#upload?.close();
    const channel = this.#channel;
    // Flush the pending messages of the streams first.
    setTimeout(() => channel?.close(), 50);
  }

  #open(): GrpcChannel {
    this.#channel ??= new GrpcChannel(this.#options);
    return this.#channel;
  }

  /** The next call opens a new connection. Open calls on the old one can finish. */
  #renewChannel(): void {
    this.#channel?.close();
    this.#channel = null;
  }

  async #register({ workerId, labels, onlyLabelled, slots, version }: WorkerDescription): Promise<void> {
    const channel = this.#open();
    const request = { worker_id: workerId, labels: [...labels], slots, version, only_labelled: onlyLabelled };
    await channel.unary((metadata, options, done) => channel.workers.registerWorker(request, metadata, options, done));
  }

  #openSession(intake: Intake): JobSession {
    const { workerId, labels, onlyLabelled, slots, version } = intake.worker;
    const channel = this.#open();
    const hello = {
      worker_id: workerId,
      labels: [...labels],
      lease_ttl_secs: intake.leaseTtlSecs,
      slots,
      version,
      only_labelled: onlyLabelled,
    };
    const lost = new Set<string>();
    // The server repeats a drain in every session.
    intake.drain(null);
    const session = new JobSession(channel.jobs.workJobs(channel.metadata), hello, intake.slots.freeCount, {
      heard: () => intake.presence.back(),
      stop: (leaseId, stop) => intake.stop(leaseId, stop),
      lost: (leaseId) => {
        lost.add(leaseId);
        intake.lost(leaseId);
      },
      // After the jobs that the server sent before: they count as running.
      drain: (drain) => setImmediate(() => intake.drain(drain)),
      claimed: (claim) => {
        // After a stall of seconds, this thread finds both a job and the message that it was released in the meantime.
        setImmediate(() => {
          const leaseId = claim.lease?.lease_id ?? '';
          session.spendCredit();
          if (lost.has(leaseId)) grantFreeSlots(session, intake);
          else if (intake.signal.aborted) this.#giveBack(leaseId);
          else this.#start(claim, intake);
        });
      },
    });
    this.#session = session;
    return session;
  }

  #start(claim: pb.Claim, intake: Intake): void {
    try {
      intake.start(toClaim(claim));
    } catch {
      this.#giveBack(claim.lease?.lease_id ?? '');
    }
  }

  /** If the server cannot be reached, the job is requeued when its lease expires. */
  #giveBack(leaseId: string): void {
    void this.release(leaseId).catch(() => {});
  }

  async #connectAgain(intake: Intake, backoff: Backoff): Promise<void> {
    const { signal, presence, worker } = intake;
    while (!signal.aborted) {
      await sleep(backoff.nextMs(), signal);
      if (signal.aborted) return;
      this.#renewChannel();
      try {
        await this.register(worker);
        presence.back();
        return;
      } catch (error) {
        if (!isTemporary(error)) throw error;
        presence.away(error);
      }
    }
  }

  async #report(report: JobReport): Promise<void> {
    const session = this.#session;
    if (!session?.isOpen || session.hasAnswered(report.lease_id)) return await this.#reportAlone(report);
    try {
      await session.report(report);
    } catch (error) {
      if (!this.#mayBeMeant(error)) throw this.#asError(error);
      await this.#reportAlone(report);
    }
  }

  async #reportAlone({ lease_id, success, failure }: JobReport): Promise<void> {
    const channel = this.#open();
    if (failure === undefined) {
      const request = { lease_id, outputs: success?.values ?? new Map() };
      await channel.unary((metadata, options, done) => channel.jobs.completeJob(request, metadata, options, done));
    } else {
      const request = { lease_id, ...failure };
      await channel.unary((metadata, options, done) => channel.jobs.failJob(request, metadata, options, done));
    }
  }

  /** Whether the server ended the stream because of a message on it. */
  #mayBeMeant(error: unknown): boolean {
    if (!(error instanceof SessionEndedError) || error.end === null) return false;
    const known = fromServiceError(error.end, this.#options.serverUrl);
    return known instanceof WorkflowGraphError && known.status >= 400 && known.status < 500;
  }

  #asError(error: unknown): unknown {
    if (!(error instanceof SessionEndedError)) return error;
    const { serverUrl } = this.#options;
    return error.end === null
      ? new ServerUnreachableError(serverUrl, 'stream ended', error)
      : fromServiceError(error.end, serverUrl);
  }
}

/** Grants a credit for each free slot that the server does not know of. */
function grantFreeSlots(session: JobSession, { slots, signal }: Intake): void {
  const unknown = slots.freeCount - session.credits;
  if (unknown > 0 && !signal.aborted) session.addCredits(unknown);
}

function isUnimplemented(error: unknown): boolean {
  return error instanceof WorkflowGraphError && error.status === 501;
}

function textOf(error: unknown): string {
  return error instanceof ServerUnreachableError ? error.code : String(error);
}
