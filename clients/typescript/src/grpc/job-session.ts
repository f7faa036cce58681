import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { Drain } from '../drain.js';
import { WorkflowGraphError } from '../errors.js';
import type { JobReport, JobReportResult } from '../gen/workflowgraph/v1/job_reports.js';
import type { WorkJobsRequest, WorkJobsRequest_Hello, WorkJobsResponse } from '../gen/workflowgraph/v1/job_service.js';
import type { Claim } from '../gen/workflowgraph/v1/types.js';
import type { Stop } from '../stop.js';
import { reasonName, stopReasonName } from './wire-names.js';

/** The limits of the server for one message. */
const REPORTS_MAX = 500;
const REPORT_CHARACTERS_MAX = 512 * 1024;

/** A report that gets no response within this time ends the session, so that it is resent. */
const ANSWER_MS_MAX = 30_000;

/** Receives the server's messages of a session. */
export interface SessionSink {
  /** A job to run. */
  claimed(claim: Claim): void;
  /** The job must stop. */
  stop(leaseId: string, stop: Stop): void;
  lost(leaseId: string): void;
  /** The server drains the worker, or its drain was undone: null. */
  drain(drain: Drain | null): void;
  heard(): void;
}

/** The session ended, and so did everything unacknowledged on it. */
export class SessionEndedError extends Error {
  override readonly name = 'SessionEndedError';
  /** The cause; null if the server ended it normally. */
  readonly end: ServiceError | null;

  constructor(end: ServiceError | null) {
    super(end === null ? 'the session is over' : end.message, { cause: end });
    this.end = end;
  }
}

interface OpenReport {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One WorkJobs call. All messages of one turn of the event loop are sent as one. Reports resolve when the server has
 * them on disk.
 *
 * `credits` is the number of jobs that the server can still push: those granted, minus those started, plus one for each
 * report with a result, whatever the result.
 */
export class JobSession {
  /** Resolves when the session takes no more jobs: it ended, or the server is draining. */
  readonly leaving: Promise<void>;
  credits = 0;
  /** Why it ended; undefined while it is open, null if it ended normally. */
  end: ServiceError | null | undefined;
  readonly openedAt: number = performance.now();
  /** Whether the server has sent a message. */
  wasHeard = false;
  hasReported = false;
  readonly #call: ClientDuplexStream<WorkJobsRequest, WorkJobsResponse>;
  readonly #sink: SessionSink;
  readonly #reports = new Map<string, OpenReport>();
  readonly #answered = new Set<string>();
  #draft: WorkJobsRequest = emptyRequest();
  #flush: NodeJS.Immediate | null = null;
  #leave: () => void = () => {};
  #patience: NodeJS.Timeout | null = null;

  constructor(
    call: ClientDuplexStream<WorkJobsRequest, WorkJobsResponse>,
    hello: WorkJobsRequest_Hello,
    credits: number,
    sink: SessionSink,
  ) {
    this.#call = call;
    this.#sink = sink;
    this.leaving = new Promise((resolve) => {
      this.#leave = resolve;
    });
    call.on('data', (message: WorkJobsResponse) => this.#receive(message));
    call.on('error', (error: ServiceError) => this.#ended(error));
    call.on('end', () => this.#ended(null));
    this.#draft.hello = hello;
    this.addCredits(credits);
    this.#send();
  }

  get isOpen(): boolean {
    return this.end === undefined;
  }

  /** Whether a report on this lease got a result here: a second one would return its credit twice. */
  hasAnswered(leaseId: string): boolean {
    return this.#answered.has(leaseId);
  }

  /**
   * Resolves when the report was accepted. Throws a WorkflowGraphError if it was refused, and a SessionEndedError if
   * the session ended first.
   */
  report(report: JobReport): Promise<void> {
    if (!this.isOpen) return Promise.reject(new SessionEndedError(this.end ?? null));
    this.hasReported = true;
    return new Promise((resolve, reject) => {
      this.#reports.set(report.lease_id, { resolve, reject });
      this.#draft.reports.push(report);
      this.#send();
      this.#expectAnswers(false);
    });
  }

  addCredits(count: number): void {
    this.credits += count;
    this.#draft.add_credits += count;
    this.#send();
  }

  /** Starts a pushed job now, or never. */
  spendCredit(): void {
    this.credits -= 1;
  }

  /** Requests no more jobs. */
  drain(): void {
    this.#draft.drain = true;
    this.#send();
  }

  /** Ends the call. */
  close(): void {
    this.#write();
    this.#call.end();
    setTimeout(() => this.#call.cancel(), 1_000).unref();
  }

  #receive(message: WorkJobsResponse): void {
    this.wasHeard = true;
    this.#sink.heard();
    for (const result of message.results) this.#settle(result);
    if (message.results.length > 0) this.#expectAnswers(true);
    for (const { lease_id, reason, within_secs } of message.stops) {
      this.#sink.stop(lease_id, { reason: stopReasonName(reason), withinSecs: within_secs });
    }
    // An older server sends only these. An earlier stop takes precedence.
    for (const leaseId of message.cancelled_lease_ids) {
      this.#sink.stop(leaseId, { reason: 'cancelled', withinSecs: null });
    }
    for (const leaseId of message.lost_lease_ids) this.#sink.lost(leaseId);
    for (const claim of message.claims) {
      this.#draft.received_lease_ids.push(claim.lease?.lease_id ?? '');
      this.#send();
      this.#sink.claimed(claim);
    }
    if (message.drain !== undefined) this.#sink.drain(message.drain.active ? { stop: message.drain.stop } : null);
    if (message.draining) this.#leave();
  }

  #settle({ lease_id, refused, message }: JobReportResult): void {
    const report = this.#reports.get(lease_id);
    if (report === undefined) return;
    this.#reports.delete(lease_id);
    this.credits += 1;
    if (refused === undefined) {
      report.resolve();
    } else {
      this.#answered.add(lease_id);
      report.reject(refusal(reasonName(refused), message));
    }
  }

  #ended(error: ServiceError | null): void {
    if (this.end !== undefined) return;
    this.end = error;
    for (const report of this.#reports.values()) report.reject(new SessionEndedError(error));
    this.#reports.clear();
    this.#expectAnswers(true);
    this.#leave();
  }

  /** While reports are open, responses must arrive; each one restarts the timeout. */
  #expectAnswers(anew: boolean): void {
    if (this.#patience !== null && !anew) return;
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = this.#reports.size === 0 ? null : setTimeout(() => this.#call.cancel(), ANSWER_MS_MAX);
  }

  #send(): void {
    this.#flush ??= setImmediate(() => this.#write());
  }

  #write(): void {
    if (this.#flush !== null) clearImmediate(this.#flush);
    this.#flush = null;
    const draft = this.#draft;
    this.#draft = emptyRequest();
    if (!this.isOpen || isEmpty(draft)) return;
    const [first = [], ...more] = inParts(draft.reports);
    this.#call.write({ ...draft, reports: first });
    for (const reports of more) this.#call.write({ ...emptyRequest(), reports });
  }
}

/**
 * A refusal with a reason means that the lease accepts no report; without one, the lease lives and the report itself is
 * invalid.
 */
function refusal(reason: string | null, message: string): WorkflowGraphError {
  return reason === null
    ? new WorkflowGraphError({ status: 400, code: 'malformed', message })
    : new WorkflowGraphError({ status: 409, code: 'conflict', reason, message });
}

function emptyRequest(): WorkJobsRequest {
  return { hello: undefined, add_credits: 0, received_lease_ids: [], reports: [], drain: false };
}

function isEmpty(message: WorkJobsRequest): boolean {
  return (
    message.hello === undefined &&
    message.add_credits === 0 &&
    message.received_lease_ids.length === 0 &&
    message.reports.length === 0 &&
    !message.drain
  );
}

/** Splits reports into parts that fit into one message each. */
function inParts(reports: readonly JobReport[]): JobReport[][] {
  const parts: JobReport[][] = [];
  let characters = 0;
  for (const report of reports) {
    const size = sizeOf(report);
    const last = parts.at(-1);
    if (last === undefined || last.length === REPORTS_MAX || characters + size > REPORT_CHARACTERS_MAX) {
      parts.push([report]);
      characters = size;
    } else {
      last.push(report);
      characters += size;
    }
  }
  return parts;
}

function sizeOf({ success, failure }: JobReport): number {
  let size = 100 + (failure?.error.length ?? 0);
  for (const [key, value] of success?.values ?? []) size += key.length + value.length;
  return size;
}
