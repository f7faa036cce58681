import { closeSync, fsyncSync, linkSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';

/** Gives a file its final name, replacing another, so that after a power cut one of the two exists completely. */
export function renameDurably(from: string, to: string): void {
  sync(from);
  renameSync(from, to);
  syncFolder(to);
}

/** Gives a file a second name; where the file system has no links, renames it. */
export function keepAs(file: string, name: string): void {
  try {
    linkSync(file, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    renameSync(file, name);
  }
  syncFolder(name);
}

function syncFolder(file: string): void {
  // Windows cannot sync a folder, and need not.
  if (process.platform !== 'win32') sync(dirname(file));
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
