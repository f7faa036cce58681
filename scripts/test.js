// `npm test`: what is missing is installed and built, then every suite runs, and one line counts them all. A suite whose
// toolchain is absent is named loudly; with CI=true its absence is a failure. `npm test -- unit scenarios` runs some.
import { availableParallelism } from 'node:os';
import { check, counted, isThere, killAll, vitest } from './suites/commands.js';
import { countCargo, countClosingLine, countGo, countPython, countSeeds } from './suites/counts.js';
import { inLanes } from './suites/lanes.js';
import { tellerOf } from './suites/telling.js';

await import('./ensure.js');

/** What has no clock but its own leaves the processors to those beside it, who look at the time. */
const computing = ['nice', '-n', '10', 'node'];

/** A suite runs commands and says how many of its tests passed and failed. Those that take long, or let others begin, come first. */
const suites = [
  { name: 'lint', run: check('biome', 'check', '.') },
  { name: 'types', run: check('tsc', '-p', 'tsconfig.test.json', '--noEmit') },
  { name: 'generated', run: check('node', 'scripts/generate.js', '--check') },
  { name: 'typescript', run: counted(countClosingLine, 'bash', 'clients/typescript/ci.sh') },
  { name: 'rust', needs: 'cargo', run: counted(countCargo, 'bash', 'clients/rust/ci.sh') },
  { name: 'go', needs: 'go', run: counted(countGo, 'bash', 'clients/go/ci.sh') },
  { name: 'python', needs: 'python3', run: counted(countPython, 'bash', 'clients/python/ci.sh') },
  // Clients through every scenario; the suites before have built what they need. One of these after the other, because each
  // compiles what plays the scenarios.
  { name: 'conformance', after: ['typescript', 'python'], run: conformance('--client', 'typescript,python,shell') },
  {
    // The TypeScript client, against two servers on one database.
    name: 'conformance-postgres',
    after: ['conformance'],
    run: conformance('--client', 'typescript', '--servers', '2'),
  },
  {
    name: 'conformance-go',
    needs: 'go',
    after: ['go', 'conformance', 'conformance-postgres'],
    run: conformance('--client', 'go'),
  },
  {
    name: 'conformance-rust',
    needs: 'cargo',
    after: ['rust', 'conformance', 'conformance-postgres', 'conformance-go'],
    run: conformance('--client', 'rust'),
  },
  { name: 'scenarios-postgres', run: vitest('scenarios-postgres') },
  { name: 'scenarios', run: vitest('scenarios') },
  { name: 'race', run: vitest('race') },
  { name: 'crash', run: vitest('crash') },
  { name: 'postgres', run: vitest('postgres') },
  { name: 'unit', run: vitest('unit') },
  { name: 'faults', run: vitest('faults') },
  { name: 'sim', run: counted(countSeeds, ...computing, 'scripts/sim.js', '--seeds', '200') },
  // After the other, because both compile the simulation.
  { name: 'planted', after: ['sim'], run: counted(countClosingLine, ...computing, 'scripts/sim.js', '--planted') },
];

function conformance(...args) {
  return counted(countClosingLine, 'node', 'scripts/conformance.js', ...args);
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no suite ${unknown.join(', ')}; there are ${suites.map(({ name }) => name).join(', ')}.\n`,
  );
  process.exit(2);
}

/** How many suites run at once: each waits for a good part of its time. */
const lanes = Number(process.env.TEST_LANES ?? Math.min(4, availableParallelism() + 1));
if (!Number.isInteger(lanes) || lanes < 1) {
  process.stderr.write(`TEST_LANES: ${process.env.TEST_LANES} is not a number from 1\n`);
  process.exit(2);
}

const chosen = suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
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

let passed = 0;
let failed = 0;
const broken = [];
await inLanes(present, lanes, async (suite) => {
  teller.begins(suite.name);
  const show = (text) => teller.shows(suite.name, text);
  const result = await suite.run(show).catch((error) => {
    show(`${error.stack}\n`);
    return { passed: 0, failed: 1 };
  });
  teller.ends(suite.name, result);
  passed += result.passed;
  failed += result.failed;
  if (result.failed > 0) broken.push(suite.name);
});

process.stdout.write(`\nran for ${teller.closes()} s\n`);
if (broken.length > 0) process.stdout.write(`FAILED: ${broken.join(', ')}\n`);
if (absent.length > 0) process.stdout.write(`NOT RUN, for want of a toolchain: ${absent.join(', ')}\n`);
if (absent.length > 0 && process.env.CI === 'true') failed += absent.length;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed > 0 ? 1 : 0);
