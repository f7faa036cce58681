import { onTestFinished } from 'vitest';

export type Cleanup = () => unknown;

/** What is being made for all tests of a file; null while things are made for one test. */
let shared: Cleanup[] | null = null;

/** Cleans up when the test has ended, or when the file has, for what its tests share. What is registered last ends first. */
export function atEnd(cleanup: Cleanup): void {
  if (shared === null) onTestFinished(async () => void (await cleanup()));
  else shared.push(cleanup);
}

/** Makes something that outlives the test: its clean-up is collected and not done when the test ends. */
export async function outlivingTheTest<T>(cleanups: Cleanup[], make: () => Promise<T>): Promise<T> {
  shared = cleanups;
  try {
    return await make();
  } finally {
    shared = null;
  }
}
