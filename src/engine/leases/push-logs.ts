import { DomainError } from '../../domain/errors.js';
import { refusalOf } from '../../domain/lease.js';
import { bytesOverCap, chunkPadding, isBeyondGap, isInGap, type LogPosition } from '../../domain/log-cap.js';
import { ordinalOfJob, runOfJob } from '../../store/job-id.js';
import { type AttemptRow, addLogTally } from '../../store/statements/attempts.js';
import { insertLogChunks, storedLogChunks } from '../../store/statements/logs.js';
import type { LogChunkTable } from '../../store/tables/attempts.js';
import type { Caller } from '../caller.js';
import type { BatchContext, EngineContext } from '../context.js';
import { factsOf } from '../memory/run-info.js';
import { jobTopic } from '../memory/topics.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import { attemptsOf, checkHolder, jobOfLease, type LeaseMessage, leaseMessage, refuse } from './lease-message.js';
import { gapOf, trimLog } from './trim-log.js';

export interface NewLogChunk {
  /** Empty to take it from the lease. Any other value must match the lease. */
  readonly runId: string;
  readonly jobKey: string;
  readonly sequence: number;
  readonly data: string;
  readonly timestampMs: number;
  readonly stream: 'stdout' | 'stderr';
}

interface LogPush extends LeaseMessage {
  readonly chunks: readonly NewLogChunk[];
}

/** Numbers of the streams in the store. */
const streamNumbers = { stdout: 1, stderr: 2 } as const;

const marker = '::set-output ';

/** Stores chunks of a job's log. Returns how many of them are stored now, by this call or an earlier one. */
export function pushLogsVerb(context: EngineContext) {
  const operation = pushLogsOperation(context);
  return async (caller: Caller, leaseId: string, chunks: readonly NewLogChunk[]): Promise<number> =>
    context.writer.submit(operation, { ...leaseMessage(context, caller, leaseId), chunks });
}

function pushLogsOperation(context: BatchContext): Operation<LogPush, number> {
  return {
    name: 'push-logs',
    keyOf: ({ lease }) => lease.job,
    jobsOf: jobOfLease,
    async apply(batch, pushes) {
      const rows = await attemptsOf(batch, pushes);
      const answers: (number | DomainError)[] = [];
      for (const [at, push] of pushes.entries()) {
        const row = rows[at] ?? null;
        const attempt = checkHolder(row, push);
        if (attempt instanceof DomainError || row === null) {
          answers.push(attempt as DomainError);
          continue;
        }
        const misdirected = await misdirection(context, batch, row, push);
        if (misdirected !== null) {
          answers.push(misdirected);
          continue;
        }
        const refusal = refusalOf(attempt, push.receivedAtMs);
        if (refusal === null) answers.push(await store(context, batch, row, push));
        else answers.push(await replayed(batch, row, push, refuse(refusal, batch, attempt, push)));
      }
      return answers;
    },
  };
}

/** A chunk that names another run or job than its lease is the worker's mistake and is stored nowhere. */
async function misdirection(
  context: BatchContext,
  batch: Batch,
  row: AttemptRow,
  push: LogPush,
): Promise<DomainError | null> {
  if (push.chunks.every((chunk) => chunk.runId === '' && chunk.jobKey === '')) return null;
  const run = factsOf(await context.runs.get(batch, [runOfJob(row.job)]), runOfJob(row.job));
  const [known] = await context.specs.get(batch.connection, [{ version: run.version, ord: ordinalOfJob(row.job) }]);
  const at = push.chunks.findIndex(
    (chunk) => (chunk.runId !== '' && chunk.runId !== run.id) || (chunk.jobKey !== '' && chunk.jobKey !== known?.key),
  );
  if (at === -1) return null;
  return new DomainError(
    'malformed',
    `chunks[${at}] is of another job than its lease: the lease is for job ${JSON.stringify(known?.key)} of run ${run.id}`,
  );
}

/** Chunks that fall into the gap of a trimmed log are acknowledged again and change nothing. */
async function store({ logCap }: BatchContext, batch: Batch, row: AttemptRow, push: LogPush): Promise<number> {
  const gap = gapOf(row);
  const rows = toRows(row, push.chunks).filter((chunk) => isBeyondGap(gap, chunk));
  if (rows.length === 0) return push.chunks.length;
  const stored = await insertLogChunks.run(batch.connection, { rows });
  if (stored.length === 0) return push.chunks.length;
  const fresh = new Set(stored.map(placeOf));
  const added = { bytes: 0, padding: 0, flag: 0 };
  for (const { sequence, stream, data } of rows) {
    // A position that a push names twice is stored once, with the text that came first.
    if (!fresh.delete(placeOf({ sequence, stream }))) continue;
    const bytes = Buffer.byteLength(data);
    added.bytes += bytes;
    added.padding += chunkPadding(bytes);
    if (stream === streamNumbers.stdout && mayHoldOutput(data)) added.flag = 1;
  }
  const size = { bytes: row.log_bytes + added.bytes, padding: row.log_padding + added.padding };
  if (bytesOverCap(size, logCap) > 0) {
    const hasOutputLines = row.has_output_lines === 1 || added.flag === 1;
    const { bytes, padding } = await trimLog(batch.connection, { ...row, size, gap, hasOutputLines }, logCap);
    added.bytes -= bytes;
    added.padding -= padding;
  }
  await addLogTally.run(batch.connection, { rows: [{ job: row.job, number: row.number, ...added }] });
  batch.wakeups.signals.add(jobTopic(row.job));
  return push.chunks.length;
}

/** Under a lease that is gone: chunks that were stored before, even if dropped since, get their earlier answer. */
async function replayed(
  batch: Batch,
  row: AttemptRow,
  push: LogPush,
  refusal: DomainError,
): Promise<number | DomainError> {
  if (push.chunks.length === 0) return refusal;
  const gap = gapOf(row);
  const rows = toRows(row, push.chunks).filter((chunk) => gap === null || !isInGap(gap, chunk));
  if (rows.length === 0) return push.chunks.length;
  const stored = await storedLogChunks.run(batch.connection, { rows });
  const distinct = new Set(rows.map(placeOf)).size;
  return stored.length >= distinct ? push.chunks.length : refusal;
}

function toRows(row: AttemptRow, chunks: readonly NewLogChunk[]): LogChunkTable[] {
  return chunks.map((chunk) => ({
    job: row.job,
    attempt: row.number,
    sequence: chunk.sequence,
    stream: streamNumbers[chunk.stream],
    at_ms: chunk.timestampMs,
    data: storable(chunk.data),
  }));
}

function placeOf({ sequence, stream }: LogPosition): string {
  return `${sequence}/${stream}`;
}

/**
 * Not every database can store U+0000 as text, and UTF-8 has no lone surrogates. The text is counted as it is stored:
 * U+FFFD takes three bytes.
 */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Whether an output line may begin here, whole or cut by the end of the chunk. */
function mayHoldOutput(text: string): boolean {
  if (text.includes(marker)) return true;
  const tail = text.slice(text.lastIndexOf('\n') + 1);
  return tail !== '' && marker.startsWith(tail);
}
