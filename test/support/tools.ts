import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';

/** Whether a program of this machine runs with these arguments and ends with 0. */
export function runs(file: string, ...args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}

/**
 * Passes the test over when this machine lacks what it needs, and says so; where `CI` is set that is a failure, so that
 * nothing is passed over for ever without anybody seeing it.
 */
export function passOverWithout(context: TestContext, what: string, isHere: boolean): void {
  if (isHere) return;
  const message = `NOT TESTED: this machine has no ${what}`;
  if (process.env.CI !== undefined && process.env.CI !== '' && process.env.CI !== 'false') throw new Error(message);
  console.warn(message);
  context.skip(message);
}
