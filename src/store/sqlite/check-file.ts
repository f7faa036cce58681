import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { StoreError } from '../store.js';
import { wayOutOfDamage } from './judge.js';

/** A larger file is not read through at each start: half a second is what one of this size takes from memory. */
const checkedBytesMax = 256 * 1024 * 1024;

/**
 * Reads a file through for pages that are not what SQLite wrote, so that a server on a damaged database does not come to
 * them in the middle of its work. Errors: `StoreError`.
 */
export function refuseDamagedFile(database: Database.Database, file: string): void {
  if (statSync(file).size > checkedBytesMax) return;
  const [row] = database.pragma('quick_check(1)') as { quick_check: string }[];
  if (row === undefined || row.quick_check === 'ok') return;
  const found = row.quick_check.trim().split('\n').at(-1);
  throw new StoreError(`The database ${file} is damaged: ${found}. ${wayOutOfDamage}`);
}
