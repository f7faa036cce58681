import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The size of the files below a folder, excluding one of its subfolders. */
export function bytesIn(folder: string, { without = null }: { without?: string | null } = {}): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => without === null || path.split('/')[0] !== without)
    .map((path) => lstatSync(join(folder, path)))
    .filter((stats) => stats.isFile())
    .reduce((sum, { size }) => sum + size, 0);
}
