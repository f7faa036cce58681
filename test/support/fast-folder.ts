import { mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const tmpfs = 0x01021994;

/** Upper bound of the bytes that all concurrent tests need. */
const enough = 1024 ** 3;

const memory = '/dev/shm';

/**
 * A new folder in memory if the system has enough, for databases of tests that do not check the disk: every small
 * commit waits for a sync, which dominates the run time on a slow disk. test/crash covers durability.
 */
export function fastFolder(): string {
  return mkdtempSync(join(hasMemory() ? memory : tmpdir(), 'workflow-graph-'));
}

function hasMemory(): boolean {
  try {
    const { type, bavail, bsize } = statfsSync(memory);
    return type === tmpfs && bavail * bsize >= enough;
  } catch {
    return false;
  }
}
