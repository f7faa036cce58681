import { existsSync } from 'node:fs';

/** The folder of this program's package, with what it ships beside its code. */
export const packageRoot = findRoot();

function findRoot(): URL {
  // From src/ when run by tests, from dist/src/ when compiled.
  const candidates = ['../', '../../'].map((up) => new URL(up, import.meta.url));
  const found = candidates.find((folder) => existsSync(new URL('package.json', folder)));
  if (found === undefined) throw new Error(`no package.json lies above ${import.meta.url}`);
  return found;
}
