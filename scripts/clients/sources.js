import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const clientsFolder = fileURLToPath(new URL('../../clients', import.meta.url));

/**
 * The files below a folder whose paths pass the filter, sorted by path, each `{ path, content }`. Folders of tools and
 * caches (hidden, `__pycache__`) are skipped.
 */
export function filesIn(folder, passes = () => true) {
  return pathsIn(folder)
    .filter(passes)
    .sort()
    .map((path) => ({ path, content: readFileSync(join(folder, path)) }));
}

function pathsIn(folder, below = '') {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.name === '__pycache__') return [];
    const path = join(below, entry.name);
    return entry.isDirectory() ? pathsIn(folder, path) : [path.split(sep).join('/')];
  });
}
