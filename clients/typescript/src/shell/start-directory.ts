import { statSync } from 'node:fs';

/** Why no job can start in the directory, null when one can. Absent is this process's own directory. */
export function startDirectoryFault(workdir: string | undefined): string | null {
  const stats = statSync(workdir ?? '.', { throwIfNoEntry: false });
  // A directory that was deleted while a process is in it has no links left.
  if (stats?.isDirectory() && stats.nlink > 0) return null;
  const what = stats === undefined || stats.nlink === 0 ? 'is gone' : 'is not a directory';
  return `the directory that jobs start in ${what}: ${workdir ?? ownDirectory()}`;
}

function ownDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return 'that of the worker itself';
  }
}
