import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StoreError } from '../store.js';
import { wayOutOfDamage } from './judge.js';

/**
 * Proves that the write-ahead log beside a database was not damaged since it was written.
 *
 * SQLite takes the first frame whose checksum is wrong for the end of the log: after a crash that is what a transaction
 * left that was not finished. A log that was damaged in its middle looks the same to it, and everything behind the
 * damage, acknowledged as it is, would be gone without a word. The two differ in what follows. A transaction that was cut
 * off is the last of its log: behind its first broken frame there is its own commit at the most, since frames reach the
 * disk in any order. Behind damage there are commits of later transactions. Those are known by the log's salt and by
 * their checksums, which go on from those of the frame before; what a full disk cut off in the middle of a frame, and
 * other transactions overwrote in part, has neither.
 *
 * The format is that of https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
 *
 * Errors: `StoreError`. Nobody may have the database open.
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
        `The write-ahead log ${file} is damaged: ${reason}. It holds the newest changes, and SQLite would pass over them. ${wayOutOfDamage} ` +
          `To do without them instead, move ${file} away; then run "workflow-graph doctor".`,
      );
    }
  } finally {
    closeSync(wal);
  }
}

const headerBytes = 32;
const frameHeaderBytes = 24;
/** The last bit says in which byte order checksums are taken. */
const magic = 0x377f0682;

function openIfThere(file: string): number | null {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new StoreError(`Cannot read the write-ahead log ${file}: ${(error as Error).message}`, error);
  }
}

/** What is wrong; null when all that SQLite passes over may be passed over. */
function damageOf(wal: number, size: number): string | null {
  const header = read(wal, 0, headerBytes);
  const isBigEndian = header.readUInt32BE(0) === magic + 1;
  const sum = new Checksum(isBigEndian, { first: 0, second: 0 }).add(header.subarray(0, 24));
  const stored = { first: header.readUInt32BE(24), second: header.readUInt32BE(28) };
  // The header is synced before the first frame is written, so that frames behind a broken one are no crash's doing.
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
      // What follows a commit belongs to transactions that began when it was acknowledged.
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
