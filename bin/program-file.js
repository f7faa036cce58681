import { statSync } from 'node:fs';

/** What tsc writes at each change of what it compiles. */
const compiled = ['dist/tsconfig.tsbuildinfo', 'clients/typescript/dist/.tsbuildinfo'];

/**
 * The file of the program: the bundle, which starts faster, unless a clone has compiled something since. A package has only the
 * bundle.
 */
export function programFile(root) {
  const bundle = `${root}dist/bundle/main.js`;
  const made = timeOf(bundle);
  return made !== null && compiled.every((path) => (timeOf(`${root}${path}`) ?? 0) <= made)
    ? bundle
    : `${root}dist/src/main.js`;
}

function timeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
