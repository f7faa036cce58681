import {
  bytesOverCap,
  chunksToDrop,
  headLength,
  type LogCap,
  type LogGap,
  type LogPosition,
  type LogSize,
  type StoredChunk,
  sizeOf,
  widenGap,
} from '../../domain/log-cap.js';
import { logStreams } from '../../domain/log-streams.js';
import { OutputLines } from '../../domain/output-lines.js';
import type { Connection } from '../../store/connection.js';
import { type AttemptRow, gapOutputs, setLogGap } from '../../store/statements/attempts.js';
import { deleteLogRange, lastStdout, logSizes, stdoutPage } from '../../store/statements/logs.js';
import { leaseLimits } from './limits.js';

/** The position before the first chunk of an attempt. */
const logStart: LogPosition = { sequence: -1, stream: 0 };

/** The attempt whose log is trimmed, in its state after the chunks of this call. */
export interface FullLog extends Pick<AttemptRow, 'job' | 'number'> {
  readonly size: LogSize;
  readonly gap: LogGap | null;
  /** Whether its stdout may hold output lines. */
  readonly hasOutputLines: boolean;
}

/**
 * Drops the oldest chunks after the head until the log fits its cap; returns the size of the dropped part.
 *
 * The cost is bounded by the chunks that made the log too long: each drops about as many bytes as it brought, and every
 * chunk counts a minimum. The first call for a log also reads the lengths of its head. The newest chunk always stays,
 * so that the gap ends before a chunk.
 */
export async function trimLog(connection: Connection, log: FullLog, cap: LogCap): Promise<LogSize> {
  const after = log.gap?.to ?? (await endOfHead(connection, log, cap.headBytes));
  const dropped = await oldestChunks(connection, log, after, bytesOverCap(log.size, cap));
  const gap = widenGap(log.gap, dropped);
  if (gap === null || dropped.length === 0) return { bytes: 0, padding: 0 };
  const outputs = await outputsOfDropped(connection, log, after, gap.to);
  await deleteLogRange.run(connection, {
    job: log.job,
    attempt: log.number,
    ...after,
    lastSequence: gap.to.sequence,
    lastStream: gap.to.stream,
  });
  await setLogGap.run(connection, {
    job: log.job,
    number: log.number,
    gap: JSON.stringify({ ...gap, outputsTooLarge: outputs.tooLarge } satisfies LogGap),
    outputs: outputs.lines,
  });
  return sizeOf(dropped);
}

/** The dropped part of an attempt's log. */
export function gapOf({ log_gap: text }: { readonly log_gap: string | null }): LogGap | null {
  return text === null ? null : (JSON.parse(text) as LogGap);
}

/** The last chunk of the head. */
async function endOfHead(connection: Connection, log: FullLog, headBytes: number): Promise<LogPosition> {
  let end = logStart;
  let roomBytes = headBytes;
  for (;;) {
    const page = await sizesAfter(connection, log, end);
    const length = headLength(page, roomBytes);
    end = page[length - 1] ?? end;
    if (length < page.length || page.length < leaseLimits.trimmedChunksPerQuery)
      return { sequence: end.sequence, stream: end.stream };
    const { bytes, padding } = sizeOf(page);
    roomBytes -= bytes + padding;
  }
}

async function oldestChunks(
  connection: Connection,
  log: FullLog,
  start: LogPosition,
  overBytes: number,
): Promise<StoredChunk[]> {
  const dropped: StoredChunk[] = [];
  let after = start;
  for (let leftBytes = overBytes; leftBytes > 0; ) {
    const page = await sizesAfter(connection, log, after);
    const candidates = page.length < leaseLimits.trimmedChunksPerQuery ? page.slice(0, -1) : page;
    const going = candidates.slice(0, chunksToDrop(candidates, leftBytes));
    // A spread into one call would overflow the stack: it limits the number of arguments.
    for (const chunk of going) dropped.push(chunk);
    const last = going.at(-1);
    if (last === undefined || page.length < leaseLimits.trimmedChunksPerQuery) break;
    const { bytes, padding } = sizeOf(going);
    leftBytes -= bytes + padding;
    after = last;
  }
  return dropped;
}

function sizesAfter(
  connection: Connection,
  { job, number }: FullLog,
  { sequence, stream }: LogPosition,
): Promise<readonly StoredChunk[]> {
  return logSizes.run(connection, { job, attempt: number, sequence, stream, limit: leaseLimits.trimmedChunksPerQuery });
}

interface DroppedOutputs {
  /** The state of `OutputLines` after the dropped stdout; null when there is none, or too much. */
  readonly lines: string | null;
  readonly tooLarge: boolean;
}

/** Output lines count although their chunk is dropped, as they do for a worker that reads them itself. */
async function outputsOfDropped(
  connection: Connection,
  log: FullLog,
  after: LogPosition,
  to: LogPosition,
): Promise<DroppedOutputs> {
  if (log.gap?.outputsTooLarge === true) return { lines: null, tooLarge: true };
  const [kept] = log.gap === null ? [] : await gapOutputs.run(connection, { job: log.job, number: log.number });
  const before = kept?.log_gap_outputs ?? null;
  // A system line may come before the stdout of the same sequence.
  const range = {
    job: log.job,
    attempt: log.number,
    sequence: after.stream < logStreams.stdout ? after.sequence - 1 : after.sequence,
    lastSequence: to.stream < logStreams.stdout ? to.sequence - 1 : to.sequence,
  };
  if (!log.hasOutputLines) {
    // No line can be an output, so all that matters is whether the next chunk begins a line.
    const [last] = await lastStdout.run(connection, range);
    if (last === undefined) return { lines: before, tooLarge: false };
    return { lines: last.data.endsWith('\n') ? '\n' : '\n.', tooLarge: false };
  }
  const lines = new OutputLines();
  lines.push(before ?? '');
  let hasStdout = before !== null;
  for (let { sequence } = range; ; ) {
    const page = await stdoutPage.run(connection, {
      ...range,
      sequence,
      limit: leaseLimits.trimmedChunksPerQuery,
      maxBytes: leaseLimits.trimmedBytesPerQuery,
    });
    for (const { data } of page) lines.push(data);
    const last = page.at(-1);
    if (last === undefined) break;
    hasStdout = true;
    sequence = last.sequence;
  }
  const text = lines.text();
  return { lines: hasStdout ? text : null, tooLarge: text === null };
}
