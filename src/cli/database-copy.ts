import { rmSync } from 'node:fs';
import type { Command } from 'commander';
import type { OnCopied } from '../store/sqlite/copy-file.js';
import { isStoreFailure } from '../store/store.js';
import { exitCodes } from './exit-codes.js';
import { onInterrupt } from './interrupt.js';
import { ProgressLine } from './progress-line.js';

/**
 * Copies a database and shows the progress. A signal ends the process and deletes the incomplete copy.
 *
 * @param partial the name of the file until the copy is complete
 */
export async function whileCopying<T>(
  command: Command,
  partial: string,
  work: (progress: ProgressLine) => Promise<T>,
): Promise<T> {
  const progress = new ProgressLine(process.stderr);
  const removePartial = () => {
    for (const suffix of ['', '-journal']) rmSync(`${partial}${suffix}`, { force: true });
  };
  process.once('exit', removePartial);
  const release = onInterrupt(() => process.exit(exitCodes.interrupted));
  try {
    return await work(progress);
  } catch (error) {
    if (isStoreFailure(error)) return command.error(`error: ${error.message}`, { exitCode: exitCodes.failed });
    throw error;
  } finally {
    progress.end();
    release();
  }
}

/** Shows the progress of a copy. */
export function copying(progress: ProgressLine, from: string, to: string): OnCopied {
  return (at) => {
    if (at.phase === 'check') progress.say(`checking ${to}`);
    else progress.say(`copying ${from}: ${Math.floor((100 * at.pages) / at.of)} %`);
  };
}

/** A number of bytes for people: `1.2 MB`. */
export function bytes(count: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
