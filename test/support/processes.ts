import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { until } from './until.js';

/** Whether a process runs; one that has ended and was not waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    // Systems other than Linux have no /proc; on Linux the process has just ended.
    return process.platform !== 'linux' && (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Waits until none of the processes runs. */
export async function allGone(pids: readonly number[]): Promise<void> {
  await until(`processes ${pids.join(', ')} end`, () => pids.every((pid) => !isAlive(pid)), {
    describe: () => `still there: ${pids.filter(isAlive).join(', ')}`,
  });
}

/** Shells of jobs that a test lets be orphaned by killing their worker; they and their groups end with the test. */
export function killWithTest(...shells: readonly number[]): void {
  onTestFinished(() => {
    for (const pid of shells.filter(isAlive)) process.kill(-pid, 'SIGKILL');
  });
}
