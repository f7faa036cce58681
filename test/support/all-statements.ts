import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { allStatements, type Statement } from '../../src/store/statement.js';

const folder = join(import.meta.dirname, '../../src/store/statements');

/** Every statement of the store, by name. */
export async function everyStatement(): Promise<Statement<never, unknown>[]> {
  for (const file of readdirSync(folder).sort()) await import(join(folder, file));
  return [...allStatements()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
