import { hash } from 'node:crypto';
import { DomainError } from '../domain/errors.js';
import {
  checkOutputs,
  mergeOutputs,
  OutputScanner,
  type Outputs,
  type OutputsResult,
  outputsToObject,
} from '../domain/outputs.js';
import { stdoutPage } from '../store/statements/logs.js';
import type { EngineContext } from './context.js';
import type { Caller } from './engine.js';
import { type EndAnswer, type EndReport, endOperation } from './lease-operations.js';
import { type UnderLease, underLease } from './under-lease.js';
import type { Operation } from './writer.js';

/** How many characters of an error text are kept: its beginning and, mostly, its end. */
const errorHeadChars = 4 * 1024;
const errorTailChars = 60 * 1024;

/** How many log chunks are read at once when outputs are looked for. */
const scanPage = 200;

/** Ends attempts as workers report: with success and outputs, or with failure. */
export function reportEndVerbs(context: EngineContext) {
  const operation = endOperation(context);

  return {
    async completeJob(caller: Caller, leaseId: string, reported: Outputs): Promise<void> {
      const outputs = accepted(checkOutputs(reported), 'outputs');
      const message = underLease(context, caller, leaseId);
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
      await context.writer.submit(operation, { ...message, digest, end: { kind: 'failure', error, retryable: false } });
      throw new DomainError('too_large', error);
    },

    async failJob(caller: Caller, leaseId: string, failure: { error: string; retryable: boolean }): Promise<void> {
      const error = shortened(failure.error);
      await context.writer.submit(operation, {
        ...underLease(context, caller, leaseId),
        digest: `failure ${digestOf([failure.error, failure.retryable])}`,
        end: { kind: 'failure', error, retryable: failure.retryable },
      });
    },
  };
}

function submit(
  context: EngineContext,
  operation: Operation<EndReport, EndAnswer>,
  message: UnderLease,
  digest: string,
  outputs: Outputs,
  scanned: boolean,
): Promise<EndAnswer> {
  const text = outputs.size === 0 ? null : JSON.stringify(outputsToObject(outputs));
  return context.writer.submit(operation, { ...message, digest, end: { kind: 'success', outputs: text, scanned } });
}

/** Reads the outputs out of the stdout that the attempt has pushed so far. */
async function scanLog(context: EngineContext, { lease }: UnderLease): Promise<OutputsResult> {
  const scanner = new OutputScanner();
  let sequence = -1;
  for (;;) {
    const page = await stdoutPage.run(context.store.longRead, {
      job: lease.job,
      attempt: lease.attempt,
      sequence,
      limit: scanPage,
    });
    for (const chunk of page) scanner.push(chunk.data);
    const last = page.at(-1);
    if (last === undefined || page.length < scanPage) return scanner.end();
    sequence = last.sequence;
  }
}

function accepted(result: OutputsResult, field: string): Outputs {
  if (result.ok) return result.outputs;
  const code = result.refusal.code === 'key_missing' ? 'malformed' : 'too_large';
  throw new DomainError(code, `${field}: ${result.refusal.message}`);
}

function shortened(error: string): string {
  const text = error.toWellFormed().replaceAll('\0', '\uFFFD');
  if (text.length <= errorHeadChars + errorTailChars) return text;
  const cut = text.length - errorHeadChars - errorTailChars;
  // A cut may go through the middle of a character.
  return `${text.slice(0, errorHeadChars)}\n… ${cut} characters cut …\n${text.slice(-errorTailChars)}`.toWellFormed();
}

function digestOf(report: unknown): string {
  return hash('sha256', JSON.stringify(report), 'base64url').slice(0, 22);
}

function byKey([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
