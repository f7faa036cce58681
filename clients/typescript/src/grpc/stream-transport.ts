import { status } from '@grpc/grpc-js';
import { isTemporary, ServerUnreachableError, WorkflowGraphError } from '../errors.js';
import type { JobReport } from '../gen/workflowgraph/v1/job_service.js';
import type * as pb from '../gen/workflowgraph/v1/types.js';
import { sleep } from '../sleep.js';
import type { FailureReport, Intake, Transport, WorkerDescription } from '../transport.js';
import { untilAborted } from '../until-aborted.js';
import type { LogChunk, Outputs } from '../wire.js';
import { Backoff } from '../worker/backoff.js';
import { type ChannelOptions, GrpcChannel, hasGrpcTarget } from './channel.js';
import { fromServiceError, StreamUnavailableError } from './errors.js';
import { toClaim } from './from-wire.js';
import { JobSession, SessionEndedError } from './job-session.js';
import { LogUpload, toWireChunk } from './log-upload.js';

/** A session that lasted this long was a good one: the next is tried soon. */
const GOOD_SESSION_MS = 5_000;

export interface StreamTransportOptions extends ChannelOptions {
  /** Asks over plain HTTP whether the server is there, to tell a server that is away from one without streams. */
  answersHttp(worker: WorkerDescription): Promise<boolean>;
}

/**
 * The gRPC streams: jobs are pushed in one session, reports ride on it, logs go up another stream of the same
 * connection.
 *
 * What was on its way when a stream ended is not lost: whoever asked is told that there was no answer, and asks again.
 * When it was the server that ended the stream with a refusal, everything that was on its way is sent once more in a call
 * of its own, because only one thing was meant.
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

  /** Throws a StreamUnavailableError when the server is there and this transport cannot be had. */
  async register(worker: WorkerDescription): Promise<void> {
    if (!hasGrpcTarget(this.#options.serverUrl)) {
      throw new StreamUnavailableError('the URL of the server has a path, and gRPC cannot');
    }
    try {
      await this.#register(worker);
    } catch (error) {
      if (isUnimplemented(error)) throw new StreamUnavailableError('the server does not speak gRPC');
      if (this.#hasWorked || !isTemporary(error) || !(await this.#options.answersHttp(worker))) throw error;
      // The server may have come up just now: it has a second chance.
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
        // What refuses the worker itself is mostly met again by the registration; a report may have been meant as well.
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
    return this.#report({ lease_id: leaseId, success: { values: outputs } });
  }

  fail(leaseId: string, failure: FailureReport): Promise<void> {
    return this.#report({ lease_id: leaseId, failure });
  }

  close(): void {
    this.#session?.close();
    this.#upload?.close();
    const channel = this.#channel;
    // What the streams still have to say goes first.
    setTimeout(() => channel?.close(), 50);
  }

  #open(): GrpcChannel {
    this.#channel ??= new GrpcChannel(this.#options);
    return this.#channel;
  }

  /** The next call connects anew. Calls that are open on the connection before can end there. */
  #renewChannel(): void {
    this.#channel?.close();
    this.#channel = null;
  }

  async #register({ workerId, labels, slots, version }: WorkerDescription): Promise<void> {
    const channel = this.#open();
    const request = { worker_id: workerId, labels: [...labels], slots, version };
    await channel.unary((metadata, options, done) => channel.workers.registerWorker(request, metadata, options, done));
  }

  #openSession(intake: Intake): JobSession {
    const { workerId, labels, slots, version } = intake.worker;
    const channel = this.#open();
    const hello = { worker_id: workerId, labels: [...labels], lease_ttl_secs: intake.leaseTtlSecs, slots, version };
    const lost = new Set<string>();
    const session = new JobSession(channel.jobs.workJobs(channel.metadata), hello, intake.slots.freeCount, {
      heard: () => intake.presence.back(),
      cancelled: (leaseId) => intake.cancelled(leaseId),
      lost: (leaseId) => {
        lost.add(leaseId);
        intake.lost(leaseId);
      },
      claimed: (claim) => {
        // A thread that was busy for seconds finds here both a job and, right behind, that it was given back meanwhile.
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

  /** The job came as the worker stopped. When this is not heard, the job comes back when its lease ends. */
  #giveBack(leaseId: string): void {
    const channel = this.#open();
    channel
      .unary((metadata, options, done) => channel.jobs.releaseJob({ lease_id: leaseId }, metadata, options, done))
      .catch(() => {});
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
      const request = { lease_id, outputs: success?.values ?? {} };
      await channel.unary((metadata, options, done) => channel.jobs.completeJob(request, metadata, options, done));
    } else {
      const request = { lease_id, ...failure };
      await channel.unary((metadata, options, done) => channel.jobs.failJob(request, metadata, options, done));
    }
  }

  /** Whether the server ended the stream because of something that was said on it. */
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

/** Lets the server push as many jobs as there are slots that it does not know to be free. */
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
