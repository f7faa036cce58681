import { onTestFinished } from 'vitest';

export type Cleanup = () => unknown;

/** The scope shared by all tests of a file; null inside a single test. */
let shared: Cleanup[] | null = null;

/** Registers a cleanup for the end of the test, or of the file for shared resources. Cleanups run in reverse order. */
export function atEnd(cleanup: Cleanup): void {
  if (shared === null) onTestFinished(async () => void (await cleanup()));
  else shared.push(cleanup);
}

/** Creates something that outlives the test: its cleanups are collected instead of run at the end of the test. */
export async function outlivingTheTest<T>(cleanups: Cleanup[], make: () => Promise<T>): Promise<T> {
  shared = cleanups;
  try {
    return await make();
  } finally {
    shared = null;
  }
}
