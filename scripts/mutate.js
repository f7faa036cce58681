// `node scripts/mutate.js`: changes one place of the sources at a time and runs the nearest unit tests, to find changes
// that no test detects. Works on a copy of the tree. Survivors are printed with their place: a gap in the tests, a
// change without effect, or a place that only more distant tests cover (--tests).
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
    /** Only files whose path below src contains this. */
    only: { type: 'string', default: '' },
    /** The number of test files per mutation, nearest first by imports. */
    tests: { type: 'string', default: '5' },
    /** Their time limit, in seconds; a mutation that hangs counts as detected. */
    limit: { type: 'string', default: '90' },
    /** The path for the result as JSON. */
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
/** Whether the tests pass on the unchanged copy, by name. */
const sound = new Map();
/** The file of the previous mutation, now restored. */
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

/** A test that fails without a mutation would appear to detect every one. */
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
