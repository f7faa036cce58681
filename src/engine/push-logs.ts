import { DomainError } from '../domain/errors.js';
import { refusesLogs } from '../domain/lease.js';
import { limits } from '../domain/limits.js';
import { capLog, logCutMark } from '../domain/log-cap.js';
import { ordinalOfJob, runOfJob } from '../store/job-id.js';
import { type AttemptRow, addLogTally } from '../store/statements/attempts.js';
import { insertLogChunks, storedLogChunks } from '../store/statements/logs.js';
import type { Batch } from './batch.js';
import type { EngineContext, Knowledge } from './context.js';
import type { Caller, NewLogChunk } from './engine.js';
import { factsOf } from './run-facts.js';
import { jobTopic } from './topics.js';
import { attemptsOf, jobOfLease, judged, refusedBy, type UnderLease, underLease } from './under-lease.js';
import type { Operation } from './writer.js';

interface LogPush extends UnderLease {
  readonly chunks: readonly NewLogChunk[];
}

/** How streams are numbered in the store. */
const streamNumbers = { stdout: 1, stderr: 2 } as const;

const marker = '::set-output ';

/** Stores pieces of a job's log; returns how many of them are stored now, by this call or an earlier one. */
export function pushLogsVerb(context: EngineContext) {
  const operation = pushLogsOperation(context);
  return async (caller: Caller, leaseId: string, chunks: readonly NewLogChunk[]): Promise<number> =>
    context.writer.submit(operation, { ...underLease(context, caller, leaseId), chunks });
}

function pushLogsOperation(knowledge: Knowledge): Operation<LogPush, number> {
  return {
    name: 'push-logs',
    rank: 20,
    keyOf: ({ lease }) => lease.job,
    jobsOf: jobOfLease,
    async apply(batch, pushes) {
      const rows = await attemptsOf(batch, pushes);
      const answers: (number | DomainError)[] = [];
      for (const [at, push] of pushes.entries()) {
        const row = rows[at] ?? null;
        const attempt = judged(row, push);
        if (attempt instanceof DomainError || row === null) {
          answers.push(attempt as DomainError);
          continue;
        }
        const misdirected = await misdirection(knowledge, batch, row, push);
        if (misdirected !== null) {
          answers.push(misdirected);
          continue;
        }
        const refusal = refusesLogs(attempt, push.receivedAtMs);
        if (refusal === null) answers.push(await store(batch, row, push));
        else answers.push(await replayed(batch, row, push, refusedBy(refusal, batch, attempt, push)));
      }
      return answers;
    },
  };
}

/** A chunk that names another run or job than its lease is a mistake of the worker's, not to be stored anywhere. */
async function misdirection(
  knowledge: Knowledge,
  batch: Batch,
  row: AttemptRow,
  push: LogPush,
): Promise<DomainError | null> {
  if (push.chunks.every((chunk) => chunk.runId === '' && chunk.jobKey === '')) return null;
  const run = factsOf(await knowledge.runs.get(batch, [runOfJob(row.job)]), runOfJob(row.job));
  const [known] = await knowledge.specs.get(batch.connection, [{ version: run.version, ord: ordinalOfJob(row.job) }]);
  const at = push.chunks.findIndex(
    (chunk) => (chunk.runId !== '' && chunk.runId !== run.id) || (chunk.jobKey !== '' && chunk.jobKey !== known?.key),
  );
  if (at === -1) return null;
  return new DomainError(
    'malformed',
    `chunks[${at}] is of another job than its lease: the lease is for job ${JSON.stringify(known?.key)} of run ${run.id}`,
  );
}

async function store(batch: Batch, row: AttemptRow, push: LogPush): Promise<number> {
  if (push.chunks.length === 0) return 0;
  const { chunks, cutAt } = capLog(row.log_bytes, push.chunks);
  const mark = cutAt === null ? [] : [{ ...cutAt, data: logCutMark }];
  const kept = [...chunks, ...mark];
  if (kept.length === 0) return push.chunks.length;
  const stored = await insertLogChunks.run(batch.connection, { rows: toRows(row, kept) });
  if (stored.length > 0) {
    const fresh = new Set(stored.map((chunk) => `${chunk.sequence}/${chunk.stream}`));
    const added = kept.filter((chunk) => fresh.has(`${chunk.sequence}/${streamNumbers[chunk.stream]}`));
    // A log that was cut counts as more than full, so that nothing comes after the mark.
    const full = added.some((chunk) => mark.includes(chunk)) ? limits.logBytesPerAttempt : 0;
    const bytes = added.reduce((sum, chunk) => sum + Buffer.byteLength(chunk.data), full);
    const flag = added.some((chunk) => chunk.stream === 'stdout' && mayHoldOutput(chunk.data)) ? 1 : 0;
    await addLogTally.run(batch.connection, { rows: [[row.job, row.number, bytes, flag]] });
    batch.signals.add(jobTopic(row.job));
  }
  return push.chunks.length;
}

/** Under a lease that is gone, chunks that are stored already get the answer they got then. */
async function replayed(
  batch: Batch,
  row: AttemptRow,
  push: LogPush,
  refusal: DomainError,
): Promise<number | DomainError> {
  if (row.log_bytes > limits.logBytesPerAttempt) return push.chunks.length;
  const stored = await storedLogChunks.run(batch.connection, {
    rows: toRows(row, push.chunks).map((cells) => cells.slice(0, 4)),
  });
  const distinct = new Set(push.chunks.map((chunk) => `${chunk.sequence}/${chunk.stream}`)).size;
  return distinct > 0 && stored.length >= distinct ? push.chunks.length : refusal;
}

function toRows(row: AttemptRow, chunks: readonly NewLogChunk[]) {
  return chunks.map((chunk) => [
    row.job,
    row.number,
    chunk.sequence,
    streamNumbers[chunk.stream],
    chunk.timestampMs,
    storable(chunk.data),
  ]);
}

/** U+0000 cannot be stored as text in every database, and lone surrogates not in UTF-8. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Whether an output line may begin here: one that is whole, or one that the end of the chunk cuts. */
function mayHoldOutput(text: string): boolean {
  if (text.includes(marker)) return true;
  const tail = text.slice(text.lastIndexOf('\n') + 1);
  return tail !== '' && marker.startsWith(tail);
}
