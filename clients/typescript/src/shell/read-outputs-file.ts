import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorText } from '../errors.js';
import { OutputsFileError, parseOutputsFile } from './outputs-file.js';

const FILE_BYTES_MAX = 1024 * 1024;
const WAY_OUT = 'write key=value lines into $WORKFLOW_GRAPH_OUTPUT';

/**
 * The outputs that a job wrote into its file. A file that the job deleted has none. Throws an OutputsFileError when there
 * is something else in its place, or too much in it.
 *
 * The job owns the path, so it may have replaced the file. A FIFO would block a thread of the pool for ever, and a link to a
 * device has no end: the file is opened without waiting and without following a link, and read only up to its limit.
 */
export async function readOutputsFile(path: string): Promise<Map<string, string>> {
  const file = await openOutputsFile(path);
  if (file === null) return new Map();
  try {
    if (!(await file.stat()).isFile()) throw notRegular();
    // The decoder leaves out a byte order mark at the start.
    return parseOutputsFile(new TextDecoder().decode(await readAtMost(file, FILE_BYTES_MAX)));
  } finally {
    await file.close();
  }
}

/** Null when there is no such file. */
async function openOutputsFile(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    // A link, and a socket.
    if (code === 'ELOOP' || code === 'ENXIO') throw notRegular();
    throw new OutputsFileError(`outputs file: it cannot be read (${errorText(error)}); ${WAY_OUT}`);
  }
}

async function readAtMost(file: FileHandle, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    const piece = Buffer.allocUnsafe(64 * 1024);
    const { bytesRead } = await file.read(piece);
    if (bytesRead === 0) return Buffer.concat(pieces);
    bytes += bytesRead;
    if (bytes > bytesMax) {
      throw new OutputsFileError(`outputs file: it has more than ${bytesMax} bytes; store large results elsewhere`);
    }
    pieces.push(piece.subarray(0, bytesRead));
  }
}

function notRegular(): OutputsFileError {
  return new OutputsFileError(`outputs file: it is not a regular file any more (the job replaced it); ${WAY_OUT}`);
}
