// `npm test`: installs and builds what is missing, then runs every suite and prints one line with the totals. A suite
// whose toolchain is missing is reported; with CI=true that is a failure. `npm test -- unit scenarios` runs some.
import { availableParallelism } from 'node:os';
import { check, compileTests, counted, isThere, killAll, vitest } from './suites/commands.js';
import { countCargo, countClosingLine, countGo, countPython, countSeeds } from './suites/counts.js';
import { inLanes } from './suites/lanes.js';
import { describeFactor, timeFactor } from './suites/machine.js';
import { programUnderTest } from './suites/program-under-test.js';
import { tellerOf } from './suites/telling.js';

await import('./ensure.js');
// For the servers of every suite, in whatever language.
process.env.WORKFLOW_GRAPH_UNDER_TEST = programUnderTest();

/** Suites on a simulated clock yield the processors to concurrent suites that depend on real time. */
const computing = ['nice', '-n', '3', 'node'];

/**
 * A suite runs commands and reports how many of its tests passed and failed. Long suites, or those that others depend
 * on, come first: the Rust and Go compilers have the whole run for their work, and no long suite is left when the others
 * have ended. Of the suites of a `group` one runs at a time.
 */
const suites = [
  { name: 'typescript', run: counted(countClosingLine, 'bash', 'clients/typescript/ci.sh') },
  { name: 'rust', needs: 'cargo', run: counted(countCargo, 'bash', 'clients/rust/ci.sh') },
  { name: 'go', needs: 'go', run: counted(countGo, 'bash', 'clients/go/ci.sh') },
  { name: 'postgres', run: vitest('postgres') },
  { name: 'unit', run: vitest('unit') },
  // Clients through every scenario. Each plays several at once and uses the idle time of the processors.
  {
    name: 'conformance',
    group: 'conformance',
    after: ['typescript'],
    run: conformance('--client', 'typescript,python,shell'),
  },
  { name: 'conformance-go', group: 'conformance', needs: 'go', after: ['go'], run: conformance('--client', 'go') },
  {
    name: 'conformance-rust',
    group: 'conformance',
    needs: 'cargo',
    after: ['rust'],
    run: conformance('--client', 'rust'),
  },
  {
    // The TypeScript client, against two servers on one database. On a slow machine over streams only: the suite
    // `conformance` covers the client's two transports.
    name: 'conformance-postgres',
    group: 'conformance',
    after: ['typescript'],
    run: (show) => {
      const isSlow = Number(process.env.TEST_TIME_FACTOR) > 12;
      if (isSlow) show('reduced: conformance with two servers over streams only, not over HTTP too\n');
      return conformance(
        '--client',
        'typescript',
        '--servers',
        '2',
        ...(isSlow ? ['--transport', 'stream'] : []),
      )(show);
    },
  },
  { name: 'scenarios-postgres', run: vitest('scenarios-postgres') },
  { name: 'scenarios', run: vitest('scenarios') },
  { name: 'page', needs: 'chromium', run: vitest('page') },
  { name: 'package', run: vitest('package') },
  { name: 'crash', run: vitest('crash') },
  { name: 'race', run: vitest('race') },
  { name: 'python', needs: 'python3', run: counted(countPython, 'bash', 'clients/python/ci.sh') },
  { name: 'faults', run: vitest('faults') },
  { name: 'sim', run: counted(countSeeds, ...computing, 'scripts/sim.js') },
  { name: 'planted', run: counted(countClosingLine, ...computing, 'scripts/sim.js', '--planted') },
  { name: 'lint', run: check('biome', 'check', '.') },
  { name: 'unused', run: check('knip') },
  { name: 'types', run: check('tsc', '-p', 'tsconfig.test.json', '--noEmit') },
  { name: 'types-page', run: check('tsc', '-p', 'web') },
  { name: 'manual', run: check('node', 'scripts/build-manual.js') },
  { name: 'generated', run: check('node', 'scripts/generate.js', '--check') },
];

function conformance(...args) {
  return counted(countClosingLine, 'node', 'scripts/conformance.js', ...args);
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `Unknown suite ${unknown.join(', ')}; there are ${suites.map(({ name }) => name).join(', ')}.\n`,
  );
  process.exit(2);
}

/** The number of concurrent suites: each spends much of its time waiting. */
const lanes = Number(process.env.TEST_LANES ?? Math.min(6, availableParallelism() + 2));
if (!Number.isInteger(lanes) || lanes < 1) {
  process.stderr.write(`TEST_LANES: ${process.env.TEST_LANES} is not a number from 1\n`);
  process.exit(2);
}

const chosen = suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
// Concurrent suites are slower than a single one, so the machine is measured under such a load.
process.stdout.write(`${describeFactor(timeFactor(Math.min(lanes, chosen.length) - 1))}\n`);
const present = [];
const absent = [];
for (const suite of chosen) {
  if (suite.needs === undefined || (await isThere(suite.needs))) present.push(suite);
  else absent.push(`${suite.name} (needs ${suite.needs})`);
}

const teller = tellerOf(lanes === 1 || present.length === 1);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    teller.breaksOff();
    killAll(signal);
    process.exit(130);
  });
}

/** What the suites left out because the machine is slow. */
const reduced = new Set();
let passed = 0;
let failed = 0;
// Code that several suites run is compiled once, before they start.
if (!(await compileTests((text) => process.stdout.write(text)))) {
  process.stdout.write('0 passed, 1 failed\n');
  process.exit(1);
}
const broken = [];
await inLanes(present, lanes, async (suite) => {
  teller.begins(suite.name);
  let output = '';
  const show = (text) => {
    output += text;
    teller.shows(suite.name, text);
  };
  const result = await suite.run(show).catch((error) => {
    show(`${error.stack}\n`);
    return { passed: 0, failed: 1, failures: [error.stack] };
  });
  teller.ends(suite.name, result);
  for (const [line] of output.matchAll(/^reduced: .*$/gm)) reduced.add(line);
  passed += result.passed;
  failed += result.failed;
  if (result.failed > 0) broken.push({ name: suite.name, failures: result.failures });
});

process.stdout.write(`\nran for ${teller.closes()} s\n`);
for (const line of reduced) process.stdout.write(`${line}\n`);
for (const { name, failures } of broken) process.stdout.write(`\n── failed in ${name}\n${failures.join('\n')}\n`);
if (broken.length > 0) process.stdout.write(`\nFAILED: ${broken.map(({ name }) => name).join(', ')}\n`);
if (absent.length > 0) process.stdout.write(`NOT RUN, toolchain missing: ${absent.join(', ')}\n`);
if (absent.length > 0 && process.env.CI === 'true') failed += absent.length;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed > 0 ? 1 : 0);
