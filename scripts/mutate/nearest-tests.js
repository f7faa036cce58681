import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** These run the compiled program, which a mutation does not change, or are not unit tests. */
const leftOut =
  /^test\/(scenarios|examples|sim|fuzz|crash|postgres|page|conformance|interop|deploy|architecture\.test)/;

/**
 * Finds the test files that import a source file, the nearest first: by the number of imports in between, then by
 * relevance.
 *
 * @returns {(file: string) => string[]} paths from the root
 */
export function nearestTests(root, max) {
  const importers = new Map();
  for (const folder of ['src', 'test']) {
    for (const name of readdirSync(join(root, folder), { recursive: true })) {
      const file = `${folder}/${name}`;
      if (!file.endsWith('.ts') || leftOut.test(file)) continue;
      for (const imported of importsOf(root, file)) {
        if (!importers.has(imported)) importers.set(imported, []);
        importers.get(imported).push(file);
      }
    }
  }
  return (file) => {
    const distance = new Map([[file, 0]]);
    const found = [];
    for (let ring = [file]; ring.length > 0 && found.length < max; ) {
      const next = [];
      for (const one of ring) {
        for (const importer of importers.get(one) ?? []) {
          if (distance.has(importer)) continue;
          distance.set(importer, distance.get(one) + 1);
          next.push(importer);
        }
      }
      const tests = next.filter((one) => one.endsWith('.test.ts'));
      const likenessOf = new Map(tests.map((test) => [test, likeness(root, file, test)]));
      tests.sort((a, b) => likenessOf.get(b) - likenessOf.get(a) || (a < b ? -1 : 1));
      found.push(...tests);
      ring = next.filter((one) => !one.endsWith('.test.ts'));
    }
    return found.slice(0, max);
  };
}

function importsOf(root, file) {
  const text = readFileSync(join(root, file), 'utf8');
  // Types do not exist at run time, so an import of types alone leads nowhere.
  const imports = text.matchAll(/(?:^|\n)(?:import|export)\s+(?!type\s)[^;]*?from\s+'(\.[^']+)'/g);
  return [...imports]
    .map(([, path]) => normalize(join(dirname(file), path)).replace(/\.js$/, '.ts'))
    .filter((path) => existsSync(join(root, path)));
}

/**
 * The relevance of a test for a file: how many words of the file's path occur in the test's path, and how often in its
 * text. Tests of the engine all import the same files, so their imports do not distinguish them.
 */
function likeness(root, file, test) {
  const words = file.split(/\W+/).filter((word) => word.length > 3);
  const text = readFileSync(join(root, test), 'utf8').toLowerCase();
  const inPath = words.filter((word) => test.includes(word)).length;
  const inText = words.reduce((sum, word) => sum + Math.min(timesMax, text.split(word).length - 1), 0);
  return inPath * timesMax + inText;
}

/** More occurrences of a word in a test than this add nothing. */
const timesMax = 10;
