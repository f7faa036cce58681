import { mkdirSync } from 'node:fs';
import { StoreError } from '../store.js';

/** Makes a database's folder when it is not there. Errors: `StoreError`. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new StoreError(`Cannot make the data folder ${folder}: ${(cause as Error).message}`, cause);
  }
}
