import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A Node version on this machine. */
export interface NodeHere {
  readonly file: string;
  /** For example 20. */
  readonly major: number;
}

/** The Node versions that the tests can run: the current one and those in PATH, one for each major version. */
export function nodesHere(): readonly NodeHere[] {
  const files = [process.execPath, ...(process.env.PATH ?? '').split(':').map((folder) => join(folder, 'node'))];
  const found = new Map<number, NodeHere>();
  for (const file of files.filter((one) => existsSync(one))) {
    const major = Number(spawnSync(file, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' }).stdout);
    if (!found.has(major)) found.set(major, { file, major });
  }
  return [...found.values()];
}
