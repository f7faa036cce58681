import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';

/** Whether a program exists on this machine and exits with 0 for these arguments. */
export function runs(file: string, ...args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}

/**
 * Skips the test with a printed notice if this machine lacks a requirement. If `CI` is set the test fails instead, so
 * that no test is silently skipped forever.
 */
export function passOverWithout(context: TestContext, what: string, isHere: boolean): void {
  if (isHere) return;
  const message = `NOT TESTED: this machine has no ${what}`;
  if (process.env.CI !== undefined && process.env.CI !== '' && process.env.CI !== 'false') throw new Error(message);
  console.warn(message);
  context.skip(message);
}
