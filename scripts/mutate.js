// `node scripts/mutate.js`: changes one place of the sources at a time and runs the nearest unit tests, to find out which changes no
// test notices. Works on a copy of the tree. What survives is printed with its place: a gap in the tests, a change
// without effect, or a place that only tests further away look at (--tests).
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chooseMutations } from './mutate/choose-mutations.js';
import { copyTree } from './mutate/copy-tree.js';
import { nearestTests } from './mutate/nearest-tests.js';
import { TestRuns } from './mutate/run-tests.js';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    /** Only files with this in their path below src. */
    only: { type: 'string', default: '' },
    /** How many test files a mutation is tried on, the nearest by imports. */
    tests: { type: 'string', default: '5' },
    /** The longest that they may take, in seconds; a mutation that hangs counts as noticed. */
    limit: { type: 'string', default: '90' },
    /** Where the result goes as JSON. */
    report: { type: 'string' },
  },
});

const root = fileURLToPath(new URL('..', import.meta.url));
const copy = copyTree(root);
const runs = new TestRuns(copy.folder, 1000 * Number(values.limit));
process.on('exit', () => {
  runs.stop();
  copy.remove();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

const mutations = chooseMutations(root, {
  seed: Number(values.seed),
  count: Number(values.count),
  only: values.only,
});
const testsOf = nearestTests(root, Number(values.tests));
/** Whether the tests pass on the copy as it is, by their names. */
const sound = new Map();
/** The file that the mutation before changed, and that is as it was again. */
let previous = '';
const results = [];
for (const [at, mutation] of mutations.entries()) {
  const outcome = await tried(mutation);
  results.push({ ...mutation, outcome });
  process.stdout.write(
    `${String(at + 1).padStart(4)}/${mutations.length} ${outcome.padEnd(9)} ${place(mutation)}  ${mutation.what}\n`,
  );
}
report();
runs.stop();

/** @returns {Promise<'killed' | 'timed out' | 'survived' | 'untested'>} */
async function tried({ file, changed, original }) {
  const tests = [];
  for (const test of testsOf(file)) if (await isSound(test)) tests.push(test);
  if (tests.length === 0) return 'untested';
  const path = join(copy.folder, file);
  writeFileSync(path, changed);
  try {
    const passed = await runs.run([path, previous], tests);
    if (passed === null) return 'timed out';
    return passed ? 'survived' : 'killed';
  } finally {
    writeFileSync(path, original);
    previous = path;
  }
}

/** A test that fails without a mutation would seem to notice every one. */
async function isSound(test) {
  if (!sound.has(test)) sound.set(test, (await runs.run([previous], [test])) === true);
  return sound.get(test);
}

function report() {
  const tested = results.filter(({ outcome }) => outcome !== 'untested');
  const survived = tested.filter(({ outcome }) => outcome === 'survived');
  process.stdout.write('\nsurvived:\n');
  for (const one of survived) process.stdout.write(`  ${place(one)}  ${one.what}\n      ${one.text}\n`);
  const untested = results.length - tested.length;
  process.stdout.write(
    `\nseed ${values.seed}: ${results.length} mutations, ${tested.length - survived.length} noticed, ${survived.length} survived` +
      ` (${share(survived.length, tested.length)} %), ${untested} in files that no unit test imports\n`,
  );
  if (values.report === undefined) return;
  const lines = results.map(({ file, line, what, text, outcome }) => ({ file, line, what, text, outcome }));
  writeFileSync(values.report, `${JSON.stringify(lines, null, 2)}\n`);
}

function place({ file, line }) {
  return `${file}:${line}`;
}

function share(part, whole) {
  return whole === 0 ? '0' : ((100 * part) / whole).toFixed(1);
}
