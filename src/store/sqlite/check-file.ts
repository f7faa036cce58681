import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { StoreError } from '../store.js';
import { wayOutOfDamage } from './classify-error.js';

/** Larger files are not checked at each start: a file of this size takes half a second from memory. */
const checkedBytesMax = 256 * 1024 * 1024;

/**
 * Checks a file for pages that are not what SQLite wrote, so that a server does not hit the damage in the middle of its
 * work. Errors: `StoreError`.
 */
export function refuseDamagedFile(database: Database.Database, file: string): void {
  if (statSync(file).size > checkedBytesMax) return;
  const [row] = database.pragma('quick_check(1)') as { quick_check: string }[];
  if (row === undefined || row.quick_check === 'ok') return;
  const found = row.quick_check.trim().split('\n').at(-1);
  throw new StoreError(`The database ${file} is damaged: ${found}. ${wayOutOfDamage}`);
}
