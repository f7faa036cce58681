import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DomainError } from '../domain/errors.js';

/** A file's content, and its identity, which differs from that of any later content of the same path. */
export interface ReadFile {
  readonly bytes: Uint8Array;
  readonly identity: string;
}

/**
 * What changes whenever the file behind a path is replaced or written: device, inode, change time and size. The
 * modification time is not included, because anyone can set it.
 */
export function identityOf({ dev, ino, ctimeNs, size }: BigIntStats): string {
  return `${dev}/${ino}/${ctimeNs}/${size}`;
}

/** The kind of a path that is not a regular file; null for a regular file. */
function otherKind(stats: BigIntStats): string | null {
  if (stats.isFile()) return null;
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

/**
 * Reads a regular file. Opening never blocks, even if the path has become a named pipe since it was checked. Errors:
 * `malformed` when it is not a regular file, `too_large`; an error of the file system unchanged.
 */
export async function readRegularFile(path: string, bytesMax: number): Promise<ReadFile> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat({ bigint: true });
    const other = otherKind(stats);
    if (other !== null) throw new DomainError('malformed', `it is ${other}, not a file`);
    const bytes = await readUpTo(handle, Math.min(Number(stats.size), bytesMax) + 1, bytesMax);
    return { bytes, identity: identityOf(stats) };
  } finally {
    await handle.close();
  }
}

/** @param bytesExpected one more than the size at the opening of the file, which may grow while it is read */
async function readUpTo(handle: FileHandle, bytesExpected: number, bytesMax: number): Promise<Uint8Array> {
  let buffer = Buffer.allocUnsafe(bytesExpected);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
    if (length > bytesMax) throw new DomainError('too_large', `it has more than ${bytesMax} bytes, the limit`);
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(2 * buffer.length, bytesMax + 1));
  }
}
