import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { WorkflowGraphError } from '../errors.js';
import type {
  JobReport,
  JobReportResult,
  WorkJobsRequest,
  WorkJobsRequest_Hello,
  WorkJobsResponse,
} from '../gen/workflowgraph/v1/job_service.js';
import type { Claim } from '../gen/workflowgraph/v1/types.js';
import { reasonName } from './wire-names.js';

/** The server takes this many reports, and some megabytes, in a message. */
const REPORTS_MAX = 500;
const REPORT_CHARACTERS_MAX = 512 * 1024;

/** A report that waits longer than this for its answer ends the session, so that it is sent again. */
const ANSWER_MS_MAX = 30_000;

/** Where the server's part of a session goes. */
export interface SessionSink {
  /** A job that is to run. */
  claimed(claim: Claim): void;
  cancelled(leaseId: string): void;
  lost(leaseId: string): void;
  heard(): void;
}

/** The session is over, and with it what was on its way. */
export class SessionEndedError extends Error {
  override readonly name = 'SessionEndedError';
  /** Why; null when the server ended it in good order. */
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
 * One WorkJobs call. All that is to be said in one turn of the event loop goes out as one message. Reports resolve when
 * the server has them on disk.
 *
 * `credits` counts the jobs that may still have to be begun: those that were granted, less those that were begun, and one
 * for each report that was answered, whatever the answer.
 */
export class JobSession {
  /** Resolves when the session takes no more jobs: it is over, or the server said that it is about to stop. */
  readonly leaving: Promise<void>;
  credits = 0;
  /** Why it ended; undefined while it is open, null when it ended in good order. */
  end: ServiceError | null | undefined;
  readonly openedAt = performance.now();
  /** Whether the server has said anything. */
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

  /** Whether a report on this lease was answered here: a second one would give its credit back twice. */
  hasAnswered(leaseId: string): boolean {
    return this.#answered.has(leaseId);
  }

  /**
   * Resolves when the report was taken. Throws a WorkflowGraphError when it was refused, and a SessionEndedError when
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

  /** A job that was pushed is begun now, or never. */
  spendCredit(): void {
    this.credits -= 1;
  }

  /** Says that no more jobs are wanted. */
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
    for (const leaseId of message.cancelled_lease_ids) this.#sink.cancelled(leaseId);
    for (const leaseId of message.lost_lease_ids) this.#sink.lost(leaseId);
    for (const claim of message.claims) {
      this.#draft.received_lease_ids.push(claim.lease?.lease_id ?? '');
      this.#send();
      this.#sink.claimed(claim);
    }
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

  /** While reports are open, answers have to come; each that comes gives the rest its time anew. */
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

/** A lease that takes no report has a reason; without one the lease lives, and the report itself cannot be taken. */
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

/** Cuts reports into what fits into one message each. */
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
  for (const [key, value] of Object.entries(success?.values ?? {})) size += key.length + value.length;
  return size;
}
