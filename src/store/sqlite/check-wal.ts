import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StoreError } from '../store.js';
import { wayOutOfDamage } from './classify-error.js';

/**
 * Proves that the write-ahead log beside a database was not damaged since it was written.
 *
 * SQLite treats the first frame with a wrong checksum as the end of the log: after a crash it is the remainder of an
 * unfinished transaction. A log that was damaged in its middle looks the same to SQLite, so everything behind the
 * damage, although acknowledged, would be lost silently. The two cases differ in what follows. An unfinished
 * transaction is the last of its log: behind its first broken frame there is at most its own commit, because frames
 * reach the disk in any order. Behind damage there are commits of later transactions. These are recognized by the log's
 * salt and by their checksums, which continue those of the previous frame; a frame that a full disk cut, and that other
 * transactions overwrote in part, has neither.
 *
 * The format is that of https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
 *
 * Errors: `StoreError`. No process may have the database open.
 */
export function refuseDamagedWal(databaseFile: string): void {
  const file = `${databaseFile}-wal`;
  const wal = openIfThere(file);
  if (wal === null) return;
  try {
    const { size } = fstatSync(wal);
    if (size < headerBytes + frameHeaderBytes) return;
    const reason = damageOf(wal, size);
    if (reason !== null) {
      throw new StoreError(
        `The write-ahead log ${file} is damaged: ${reason}. It holds the newest changes, and SQLite would ignore them. ${wayOutOfDamage} ` +
          `To do without them instead, move ${file} away; then run "workflow-graph doctor".`,
      );
    }
  } finally {
    closeSync(wal);
  }
}

const headerBytes = 32;
const frameHeaderBytes = 24;
/** The last bit gives the byte order of checksums. */
const magic = 0x377f0682;

function openIfThere(file: string): number | null {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new StoreError(`Cannot read the write-ahead log ${file}: ${(error as Error).message}`, error);
  }
}

/** What is wrong; null when SQLite may ignore everything that it ignores. */
function damageOf(wal: number, size: number): string | null {
  const header = read(wal, 0, headerBytes);
  const isBigEndian = header.readUInt32BE(0) === magic + 1;
  const sum = new Checksum(isBigEndian, { first: 0, second: 0 }).add(header.subarray(0, 24));
  const stored = { first: header.readUInt32BE(24), second: header.readUInt32BE(28) };
  // The header is synced before the first frame is written, so a crash cannot explain a broken header.
  if ((!isBigEndian && header.readUInt32BE(0) !== magic) || !sum.is(stored)) {
    return 'its header is not what SQLite wrote';
  }
  const frameBytes = frameHeaderBytes + header.readUInt32BE(8);
  const salt = header.subarray(16, 24);
  let brokenAt: number | null = null;
  let commitsAllowed = 1;
  let before = sum.value;
  for (let at = headerBytes, number = 1; at + frameBytes <= size; at += frameBytes, number++) {
    const frame = read(wal, at, frameBytes);
    // Frames of an earlier log that this one has not overwritten yet have another salt.
    const isOurs = frame.subarray(8, 16).equals(salt);
    const isCommit = isOurs && frame.readUInt32BE(4) !== 0;
    const value = { first: frame.readUInt32BE(16), second: frame.readUInt32BE(20) };
    const follows = isOurs && new Checksum(isBigEndian, before).add(frame.subarray(0, 8), frame.subarray(24)).is(value);
    before = value;
    if (brokenAt === null && follows) continue;
    if (brokenAt === null) {
      brokenAt = number;
      // What follows a commit belongs to transactions that began after its acknowledgement.
      if (isCommit) commitsAllowed = 0;
    } else if (isCommit && follows) commitsAllowed--;
    if (commitsAllowed < 0) {
      return `frame ${brokenAt} is not what SQLite wrote, and changes follow that were committed later`;
    }
  }
  return null;
}

function read(file: number, at: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  const got = readSync(file, buffer, 0, bytes, at);
  return got === bytes ? buffer : buffer.fill(0, got);
}

/** Two sums of 32 bits, each fed by the other. */
interface Sums {
  readonly first: number;
  readonly second: number;
}

/** The running checksum over a log. */
class Checksum {
  readonly #isBigEndian: boolean;
  #value: Sums;

  constructor(isBigEndian: boolean, from: Sums) {
    this.#isBigEndian = isBigEndian;
    this.#value = from;
  }

  get value(): Sums {
    return this.#value;
  }

  /** Each a multiple of eight bytes. */
  add(...parts: readonly Buffer[]): this {
    let { first, second } = this.#value;
    for (const bytes of parts) {
      const word = (at: number) => (this.#isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
      for (let at = 0; at < bytes.length; at += 8) {
        first = (first + word(at) + second) >>> 0;
        second = (second + word(at + 4) + first) >>> 0;
      }
    }
    this.#value = { first, second };
    return this;
  }

  is({ first, second }: Sums): boolean {
    return this.#value.first === first && this.#value.second === second;
  }
}
