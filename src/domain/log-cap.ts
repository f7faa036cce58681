import { limits } from './limits.js';

/**
 * The cap on the log of an attempt: its beginning and its end are kept, with one gap between them.
 *
 * The end matters most, because a failing job prints its reason there. So the first chunks stay, up to `headBytes`, and
 * after them each new chunk that does not fit drops the oldest chunks after the head. The gap only grows at its end.
 * Its content was acknowledged, so a chunk that falls into it is acknowledged again and changes nothing.
 */
export interface LogCap {
  readonly headBytes: number;
  readonly tailBytes: number;
}

export const defaultLogCap: LogCap = { headBytes: limits.logHeadBytes, tailBytes: limits.logTailBytes };

/**
 * Every chunk counts at least this many bytes toward the cap, because a row takes space even when its text is empty.
 */
const chunkBytesMin = 128;

/** Position of a chunk in the log of its attempt: by sequence, then by stream. */
export interface LogPosition {
  readonly sequence: number;
  /** As the store numbers it: 1 stdout, 2 stderr. */
  readonly stream: number;
}

/** A stored chunk, by its position and its length in UTF-8. */
export interface StoredChunk extends LogPosition {
  readonly bytes: number;
}

/** What is missing from the log of an attempt. */
export interface LogGap {
  /** The first and the last dropped chunk. */
  readonly from: LogPosition;
  readonly to: LogPosition;
  readonly chunks: number;
  readonly bytes: number;
  /** Whether the output lines in it exceed the limits of a job's outputs. */
  readonly outputsTooLarge: boolean;
}

/** Size of a log: the bytes of its text, and what short chunks count besides theirs. */
export interface LogSize {
  readonly bytes: number;
  readonly padding: number;
}

/** What a chunk counts besides the bytes of its text. */
export function chunkPadding(bytes: number): number {
  return Math.max(0, chunkBytesMin - bytes);
}

/** By how much a log exceeds the cap; 0 or less when it fits. */
export function bytesOverCap({ bytes, padding }: LogSize, { headBytes, tailBytes }: LogCap): number {
  return bytes + padding - headBytes - tailBytes;
}

/** How many of a log's first chunks are its head. */
export function headLength(chunks: readonly StoredChunk[], headBytes: number): number {
  return lengthWithin(chunks, headBytes);
}

/** How many of these chunks to drop, the oldest first, so that the log shrinks by so many bytes. */
export function chunksToDrop(chunks: readonly StoredChunk[], bytes: number): number {
  let left = bytes;
  let count = 0;
  for (const chunk of chunks) {
    if (left <= 0) break;
    left -= countedBytes(chunk);
    count += 1;
  }
  return count;
}

/** What chunks count toward the cap. */
export function sizeOf(chunks: readonly Pick<StoredChunk, 'bytes'>[]): LogSize {
  let bytes = 0;
  let padding = 0;
  for (const chunk of chunks) {
    bytes += chunk.bytes;
    padding += chunkPadding(chunk.bytes);
  }
  return { bytes, padding };
}

/** The gap after more chunks were dropped at its end. */
export function widenGap(gap: LogGap | null, dropped: readonly StoredChunk[]): LogGap | null {
  const [first] = dropped;
  const last = dropped.at(-1);
  if (first === undefined || last === undefined) return gap;
  return {
    from: gap?.from ?? positionOf(first),
    to: positionOf(last),
    chunks: (gap?.chunks ?? 0) + dropped.length,
    bytes: (gap?.bytes ?? 0) + sizeOf(dropped).bytes,
    outputsTooLarge: gap?.outputsTooLarge ?? false,
  };
}

/** Whether a chunk comes after the gap. Otherwise it is in the gap, or too late for the log. */
export function isBeyondGap(gap: LogGap | null, position: LogPosition): boolean {
  return gap === null || comparePositions(position, gap.to) > 0;
}

/** Whether a chunk was dropped. */
export function isInGap(gap: LogGap, position: LogPosition): boolean {
  return comparePositions(position, gap.from) >= 0 && comparePositions(position, gap.to) <= 0;
}

export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.sequence - b.sequence || a.stream - b.stream;
}

/** The line that readers see in place of the gap. */
export function gapMark({ bytes, chunks }: LogGap): string {
  return `\n… ${bytes} bytes of this log are missing here (${chunks} chunks): the log is longer than the server keeps …\n`;
}

function countedBytes({ bytes }: Pick<StoredChunk, 'bytes'>): number {
  return bytes + chunkPadding(bytes);
}

function lengthWithin(chunks: readonly StoredChunk[], bytes: number): number {
  let left = bytes;
  const end = chunks.findIndex((chunk) => {
    left -= countedBytes(chunk);
    return left < 0;
  });
  return end === -1 ? chunks.length : end;
}

function positionOf({ sequence, stream }: LogPosition): LogPosition {
  return { sequence, stream };
}
