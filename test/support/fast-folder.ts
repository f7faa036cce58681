import { mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const tmpfs = 0x01021994;

/** What all tests that run at once may need, in bytes. */
const enough = 1024 ** 3;

const memory = '/dev/shm';

/**
 * A new folder in memory where the system has room there, for databases of which no test looks at the disk: each of their
 * many small commits waits for a sync, which takes most of the time on a slow disk. What a disk keeps is shown by
 * test/crash.
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
