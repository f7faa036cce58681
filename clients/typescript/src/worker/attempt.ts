import { errorText, isUnauthorised, PermanentError, RetryableError, type WorkflowGraphError } from '../errors.js';
import type { Executor, JobContext } from '../executor.js';
import type { Heartbeats } from '../heartbeats/heartbeats.js';
import { sleep } from '../sleep.js';
import { type Stop, stopGraceMs } from '../stop.js';
import type { FailureReport, Transport } from '../transport.js';
import type { Claim, Outputs } from '../wire.js';
import type { AttemptIds, AttemptOutcome, StopCause, WorkerLogger } from './events.js';
import { JobLog } from './job-log.js';
import type { ServerPresence } from './presence.js';
import { keepResultMs, type ReportOutcome, reportUntilSettled } from './report.js';

/** The maximum length of an error text. */
const ERROR_CHARACTERS_MAX = 4096;
/** An executor that ends processes within the grace period can need a little longer to return. */
const LEAVE_BEHIND_AFTER_GRACE_MS = 5_000;
/** A larger one is not reported: the server takes those that every system has. */
const EXIT_CODE_MAX = 255;
/** The longest delay that a Node timer takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export interface AttemptDependencies {
  readonly workerId: string;
  readonly executor: Executor;
  readonly transport: Pick<Transport, 'pushLogs' | 'complete' | 'fail'>;
  readonly heartbeats: Heartbeats;
  readonly presence: ServerPresence;
  readonly logger: WorkerLogger;
  readonly graceMs: number;
  readonly logBatchMs: number;
  readonly logBatchBytes: number;
  readonly unsentLogBytesMax: number;
}

type Result = { readonly kind: 'success'; readonly outputs: Outputs } | ({ readonly kind: 'failure' } & FailureReport);

/** One attempt on this worker: runs the executor, renews the lease, sends the log, and reports the result. */
export class Attempt {
  readonly ids: AttemptIds;
  readonly #claim: Claim;
  readonly #deps: AttemptDependencies;
  readonly #log: JobLog;
  readonly #abort = new AbortController();
  #stopCause: StopCause | null = null;
  #graceMs: number;
  #isLost = false;
  #lossText = '';

  constructor(claim: Claim, deps: AttemptDependencies) {
    const { job } = claim;
    this.#claim = claim;
    this.#deps = deps;
    this.#graceMs = deps.graceMs;
    this.ids = { runId: job.workflow_id, workflow: job.workflow, jobId: job.job_id, attempt: job.attempt };
    this.#log = new JobLog({
      runId: job.workflow_id,
      jobId: job.job_id,
      batchMs: deps.logBatchMs,
      batchBytes: deps.logBatchBytes,
      unsentBytesMax: deps.unsentLogBytesMax,
      refusedMsMax: claim.lease.ttl_secs * 1000,
      push: (chunks) => deps.transport.pushLogs(claim.lease.lease_id, chunks),
      onTrouble: (error) => deps.presence.away(error),
      onSent: () => deps.presence.back(),
      onDropped: (bytes, message) => deps.logger({ type: 'logs-dropped', ...this.ids, bytes, message }),
    });
  }

  /** Never throws: it reports every outcome to the server, or to the logger if the server accepts no report. */
  async run(): Promise<void> {
    const { logger, heartbeats } = this.#deps;
    const startedAt = performance.now();
    logger({ type: 'job-started', ...this.ids });
    heartbeats.watch(this.#claim.lease, {
      lost: (reason, message) => this.#lose(reason, message),
      expired: () => this.stop('expired'),
      stop: (stop) => this.#stopFor(stop),
    });
    const timeout = this.#armTimeout();
    const result = await this.#execute();
    clearTimeout(timeout);
    await this.#flushLog();
    const outcome = await this.#report(result);
    heartbeats.forget(this.#claim.lease);
    this.#log.close();
    const failure = result.kind === 'failure' && outcome !== 'success' ? result : null;
    logger({
      type: 'job-ended',
      ...this.ids,
      outcome,
      durationMs: performance.now() - startedAt,
      error: failure?.error ?? null,
      retryable: failure?.retryable ?? false,
    });
  }

  /** Stops the job. The first cause takes precedence. */
  stop(cause: StopCause, withinSecs: number | null = null): void {
    if (this.#stopCause !== null) return;
    this.#stopCause = cause;
    this.#graceMs = stopGraceMs(this.#deps.graceMs, withinSecs);
    this.#abort.abort(new Error(this.#stopText(cause)));
  }

  #stopFor({ reason, withinSecs }: Stop): void {
    const cause = reason === 'timed_out' ? 'timeout' : 'cancelled';
    this.stop(cause, withinSecs ?? this.#claim.lease.stop_grace_secs ?? null);
  }

  #lose(reason: string | null, message: string): void {
    this.#isLost = true;
    this.#lossText = `${message}${reason === null ? '' : ` (${reason})`}`;
    this.#log.close();
    this.stop('lost');
  }

  #armTimeout(): NodeJS.Timeout | undefined {
    const timeoutSecs = this.#claim.job.timeout_secs;
    if (timeoutSecs === null || timeoutSecs <= 0) return undefined;
    const withinSecs = this.#claim.lease.stop_grace_secs ?? null;
    return setTimeout(() => this.stop('timeout', withinSecs), Math.min(TIMER_MS_MAX, timeoutSecs * 1000));
  }

  async #execute(): Promise<Result> {
    const { logger } = this.#deps;
    const settled = new AbortController();
    const result = await Promise.race([this.#runExecutor(), this.#losePatience(settled.signal)]);
    settled.abort();
    if (result === null) logger({ type: 'executor-left-behind', ...this.ids, graceMs: this.#graceMs });
    if (result !== null && this.#stopCause === null) return result;
    // A job that finishes while its worker stops counts as finished.
    if (result?.kind === 'success' && this.#stopCause === 'stopped') return result;
    return { kind: 'failure', error: this.#stopText(this.#stopCause ?? 'stopped'), retryable: true };
  }

  async #runExecutor(): Promise<Result> {
    const { job } = this.#claim;
    const grace = () => this.#graceMs;
    const context: JobContext = {
      workerId: this.#deps.workerId,
      attempt: job.attempt,
      upstreamOutputs: job.upstream_outputs,
      inputs: job.inputs,
      log: this.#log,
      signal: this.#abort.signal,
      get graceMs() {
        return grace();
      },
    };
    try {
      const outputs = (await this.#deps.executor(job, context)) ?? {};
      return { kind: 'success', outputs: checkedOutputs(outputs) };
    } catch (error) {
      const retryable = !(error instanceof PermanentError);
      const text = errorText(error).slice(0, ERROR_CHARACTERS_MAX);
      return { kind: 'failure', error: text, retryable, ...reportedExitCode(error) };
    }
  }

  /** Resolves when the grace period after an abort is over. */
  async #losePatience(settled: AbortSignal): Promise<null> {
    await new Promise<void>((resolve) => {
      this.#abort.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await sleep(this.#graceMs + LEAVE_BEHIND_AFTER_GRACE_MS, settled);
    return null;
  }

  async #flushLog(): Promise<void> {
    const keepMs = keepResultMs(this.#claim.lease.ttl_secs * 1000);
    const done = new AbortController();
    await Promise.race([this.#log.flush().finally(() => done.abort()), sleep(keepMs, done.signal)]);
  }

  async #report(result: Result): Promise<AttemptOutcome> {
    if (this.#stopCause === 'cancelled') return await this.#reportCancelled();
    if (this.#stopCause === 'timeout') return await this.#reportTimeout(result);
    if (this.#stopCause === 'lost' && result.kind === 'failure') return 'lost';
    return await this.#reportResult(result);
  }

  /** The server refuses this report, but it confirms that the job has stopped. */
  async #reportCancelled(): Promise<AttemptOutcome> {
    if (this.#isLost) return 'cancelled';
    const outcome = await this.#send({ kind: 'failure', error: 'cancelled', retryable: false });
    if (outcome.kind === 'refused' && outcome.error.status !== 409) this.#logRefusal(outcome.error);
    return 'cancelled';
  }

  async #reportTimeout(result: Result): Promise<AttemptOutcome> {
    const outcome = this.#isLost ? null : await this.#send(result);
    if (outcome?.kind === 'given-up')
      this.#deps.logger({ type: 'report-given-up', ...this.ids, afterMs: outcome.afterMs });
    if (outcome?.kind !== 'refused') return 'timed_out';
    if (outcome.error.reason === 'cancelled') return 'cancelled';
    if (outcome.error.status === 409) this.#deps.logger({ type: 'stopped-too-late', ...this.ids });
    else this.#logRefusal(outcome.error);
    return 'timed_out';
  }

  #logRefusal({ status, reason, message }: WorkflowGraphError): void {
    this.#deps.logger({ type: 'report-refused', ...this.ids, status, reason, message });
  }

  async #reportResult(result: Result): Promise<AttemptOutcome> {
    const outcome = await this.#send(result);
    if (outcome.kind === 'accepted') return result.kind;
    if (outcome.kind === 'given-up') {
      this.#deps.logger({ type: 'report-given-up', ...this.ids, afterMs: outcome.afterMs });
      return 'lost';
    }
    const { status, reason, message } = outcome.error;
    this.#logRefusal(outcome.error);
    if (status === 409) return reason === 'cancelled' ? 'cancelled' : 'lost';
    if (isUnauthorised(outcome.error)) return 'lost';
    // The lease lives but the report is invalid, for example because its outputs are too large: the job fails.
    const error = `the server refused the result: ${message}`.slice(0, ERROR_CHARACTERS_MAX);
    const second = await this.#send({ kind: 'failure', error, retryable: false });
    return second.kind === 'accepted' ? 'failure' : 'lost';
  }

  #send(result: Result): Promise<ReportOutcome> {
    const { transport, presence } = this.#deps;
    const { lease_id: leaseId, ttl_secs: ttlSecs } = this.#claim.lease;
    const send = () =>
      result.kind === 'success'
        ? transport.complete(leaseId, result.outputs)
        : transport.fail(leaseId, failureReport(result));
    return reportUntilSettled(send, presence, ttlSecs * 1000);
  }

  #stopText(cause: StopCause): string {
    switch (cause) {
      case 'cancelled':
        return 'cancelled';
      case 'lost':
        return `lease lost: ${this.#lossText}`;
      case 'expired':
        return `lease expired: the server was not reached for ${this.#claim.lease.ttl_secs} s`;
      case 'timeout':
        return `timed out after ${this.#claim.job.timeout_secs} s`;
      case 'stopped':
        return 'worker stopped';
    }
  }
}

function failureReport({ error, retryable, exit_code }: FailureReport): FailureReport {
  return { error, retryable, ...(exit_code === undefined ? {} : { exit_code }) };
}

function reportedExitCode(error: unknown): Pick<FailureReport, 'exit_code'> {
  const exitCode = error instanceof RetryableError || error instanceof PermanentError ? error.exitCode : null;
  const isReported = exitCode !== null && Number.isInteger(exitCode) && exitCode >= 0 && exitCode <= EXIT_CODE_MAX;
  return isReported ? { exit_code: exitCode } : {};
}

/** An executor in plain JavaScript can return anything; outputs must be strings. */
function checkedOutputs(outputs: Outputs): Outputs {
  for (const [key, value] of Object.entries(outputs)) {
    if (typeof value !== 'string') {
      throw new PermanentError(`output "${key}" must be a text, and is ${value === null ? 'null' : typeof value}`);
    }
  }
  return outputs;
}
