import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

/** Where a job's output is read from, and what its process is given to write to. */
export interface OutputPipes {
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly stdoutFd: number;
  readonly stderrFd: number;
  /** Closes this process's own hold of the writing ends, so that reading ends when the job's processes have. */
  closeWriters(): void;
}

/**
 * Makes two named pipes in the directory and opens them.
 *
 * Node's own pipes to a child are sockets, and a socket cannot be opened by its name: `echo … > /dev/stderr` fails on
 * one, and scripts do that a lot.
 */
export async function openOutputPipes(directory: string): Promise<OutputPipes> {
  const paths = [join(directory, 'stdout'), join(directory, 'stderr')] as const;
  await promisify(execFile)('mkfifo', ['-m', '600', ...paths]);
  const stdout = openPipe(paths[0]);
  const stderr = openPipe(paths[1]);
  return {
    stdout: stdout.reader,
    stderr: stderr.reader,
    stdoutFd: stdout.writeFd,
    stderrFd: stderr.writeFd,
    closeWriters: () => {
      closeSync(stdout.writeFd);
      closeSync(stderr.writeFd);
    },
  };
}

function openPipe(path: string): { reader: Readable; writeFd: number } {
  // The reading end first and without waiting: then the writing end opens at once.
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(path, constants.O_WRONLY);
  return { reader: new Socket({ fd: readFd, readable: true, writable: false }), writeFd };
}
