import { hash } from 'node:crypto';
import { DomainError } from '../../domain/errors.js';
import { isBeyondGap } from '../../domain/log-cap.js';
import {
  checkOutputs,
  mergeOutputs,
  OutputScanner,
  type Outputs,
  type OutputsResult,
  outputsToObject,
  outputsTooLarge,
} from '../../domain/outputs.js';
import { gapOutputs } from '../../store/statements/attempts.js';
import { stdoutPage } from '../../store/statements/logs.js';
import type { Caller } from '../caller.js';
import type { EngineContext } from '../context.js';
import type { Operation } from '../writer/writer.js';
import { type LeaseMessage, leaseMessage } from './lease-message.js';
import { type EndAnswer, type EndReport, endOperation } from './lease-operations.js';
import { leaseLimits } from './limits.js';
import { gapOf } from './trim-log.js';

/** How a worker reports that an attempt failed. */
export interface ReportedFailure {
  readonly error: string;
  readonly retryable: boolean;
  /** Of the command; null or absent when the worker reports none. */
  readonly exitCode?: number | null;
}

/** Ends attempts on their workers' reports: success with outputs, or failure. */
export function reportEndVerbs(context: EngineContext) {
  const operation = endOperation(context);

  return {
    async completeJob(caller: Caller, leaseId: string, reported: Outputs): Promise<void> {
      const outputs = accepted(checkOutputs(reported), 'outputs');
      const message = leaseMessage(context, caller, leaseId);
      const digest = outputs.size === 0 ? 'success' : `success ${digestOf([...outputs].sort(byKey))}`;
      const answer = await submit(context, operation, message, digest, outputs, false);
      if (answer === 'done') return;
      const scanned = await scanLog(context, message);
      const merged = scanned.ok ? mergeOutputs(scanned.outputs, outputs) : scanned;
      if (merged.ok) {
        await submit(context, operation, message, digest, merged.outputs, true);
        return;
      }
      const error = `the outputs that the job printed are refused: ${merged.refusal.message}`;
      const end = { kind: 'failure', error, retryable: false, exitCode: null } as const;
      await context.writer.submit(operation, { ...message, digest, end });
      throw new DomainError('too_large', error);
    },

    async failJob(caller: Caller, leaseId: string, failure: ReportedFailure): Promise<void> {
      const { error, retryable, exitCode = null } = failure;
      const report = exitCode === null ? [error, retryable] : [error, retryable, exitCode];
      await context.writer.submit(operation, {
        ...leaseMessage(context, caller, leaseId),
        digest: `failure ${digestOf(report)}`,
        end: { kind: 'failure', error: shortened(error), retryable, exitCode },
      });
    },
  };
}

function submit(
  context: EngineContext,
  operation: Operation<EndReport, EndAnswer>,
  message: LeaseMessage,
  digest: string,
  outputs: Outputs,
  scanned: boolean,
): Promise<EndAnswer> {
  const text = outputs.size === 0 ? null : JSON.stringify(outputsToObject(outputs));
  return context.writer.submit(operation, { ...message, digest, end: { kind: 'success', outputs: text, scanned } });
}

/**
 * Reads the outputs from the stdout that the attempt has pushed so far: the head of the log, the dropped part, the
 * rest.
 */
async function scanLog(context: EngineContext, message: LeaseMessage): Promise<OutputsResult> {
  const { job, attempt: number } = message.lease;
  for (;;) {
    const [attempt] = await gapOutputs.run(context.store.longRead, { job, number });
    const result = await scanChunks(context, message, attempt);
    const [now] = await gapOutputs.run(context.store.longRead, { job, number });
    // The scan may have missed chunks that were dropped while it ran.
    if (now?.log_gap === attempt?.log_gap) return result;
  }
}

async function scanChunks(
  { store }: EngineContext,
  { lease }: LeaseMessage,
  attempt: { readonly log_gap: string | null; readonly log_gap_outputs: string | null } | undefined,
): Promise<OutputsResult> {
  const scanner = new OutputScanner();
  let gap = attempt === undefined ? null : gapOf(attempt);
  if (gap?.outputsTooLarge === true) return { ok: false, refusal: outputsTooLarge() };
  let sequence = -1;
  for (;;) {
    const page = await stdoutPage.run(store.longRead, {
      job: lease.job,
      attempt: lease.attempt,
      sequence,
      lastSequence: Number.MAX_SAFE_INTEGER,
      limit: leaseLimits.outputChunksPerQuery,
      maxBytes: leaseLimits.outputBytesPerQuery,
    });
    for (const chunk of page) {
      if (gap !== null && isBeyondGap(gap, { sequence: chunk.sequence, stream: 1 })) {
        scanner.push(attempt?.log_gap_outputs ?? '');
        gap = null;
      }
      scanner.push(chunk.data);
    }
    const last = page.at(-1);
    if (last === undefined) break;
    sequence = last.sequence;
  }
  if (gap !== null) scanner.push(attempt?.log_gap_outputs ?? '');
  return scanner.end();
}

function accepted(result: OutputsResult, field: string): Outputs {
  if (result.ok) return result.outputs;
  const code = result.refusal.code === 'key_missing' ? 'malformed' : 'too_large';
  throw new DomainError(code, `${field}: ${result.refusal.message}`);
}

function shortened(error: string): string {
  const text = error.toWellFormed().replaceAll('\0', '\uFFFD');
  if (text.length <= leaseLimits.errorHeadChars + leaseLimits.errorTailChars) return text;
  const cut = text.length - leaseLimits.errorHeadChars - leaseLimits.errorTailChars;
  // The cut may split a surrogate pair.
  return `${text.slice(0, leaseLimits.errorHeadChars)}\n… ${cut} characters cut …\n${text.slice(-leaseLimits.errorTailChars)}`.toWellFormed();
}

function digestOf(report: unknown): string {
  return hash('sha256', JSON.stringify(report), 'base64url').slice(0, 22);
}

function byKey([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
