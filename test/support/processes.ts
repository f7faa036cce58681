import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { until } from './until.js';

/** Whether a process is running; a zombie is not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    // Systems other than Linux have no /proc; on Linux the process has just exited.
    return process.platform !== 'linux' && (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** Waits until all processes have exited. */
export async function allGone(pids: readonly number[]): Promise<void> {
  await until(`processes ${pids.join(', ')} exit`, () => pids.every((pid) => !isAlive(pid)), {
    describe: () => `still running: ${pids.filter(isAlive).join(', ')}`,
  });
}

/** Shells of jobs that a test orphans by killing their worker. They and their process groups end with the test. */
export function killWithTest(...shells: readonly number[]): void {
  onTestFinished(() => {
    for (const pid of shells.filter(isAlive)) process.kill(-pid, 'SIGKILL');
  });
}
