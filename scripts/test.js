// `npm test`: what is missing is installed and built, then every suite runs, and one line counts them all. A suite whose
// toolchain is absent is named loudly; with CI=true its absence is a failure. `npm test -- unit scenarios` runs some.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

await import('./ensure.js');

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules/.bin');
const env = { ...process.env, PATH: `${join(root, 'node_modules/node/bin')}:${bin}:${process.env.PATH}` };
const wanted = process.argv.slice(2);

/** A suite runs commands and says how many of its tests passed and failed. */
const suites = [
  { name: 'lint', run: () => check(['biome', 'check', '.']) },
  { name: 'types', run: () => check(['tsc', '-p', 'tsconfig.test.json', '--noEmit']) },
  { name: 'generated', run: () => check(['node', 'scripts/generate.js', '--check']) },
  { name: 'unit', run: () => vitest('unit') },
  { name: 'postgres', run: () => vitest('postgres') },
  { name: 'faults', run: () => vitest('faults') },
  { name: 'scenarios', run: () => vitest('scenarios') },
  { name: 'scenarios-postgres', run: () => vitest('scenarios-postgres') },
  { name: 'crash', run: () => vitest('crash') },
  { name: 'sim', run: () => counted('node', ['scripts/sim.js', '--seeds', '200'], countSeeds) },
  { name: 'typescript', run: () => counted('bash', ['clients/typescript/ci.sh'], countClosingLine) },
  { name: 'planted', run: () => counted('node', ['scripts/sim.js', '--planted'], countClosingLine) },
  { name: 'go', needs: 'go', run: () => counted('bash', ['clients/go/ci.sh'], countGo) },
  { name: 'python', needs: 'python3', run: () => counted('bash', ['clients/python/ci.sh'], countPython) },
  { name: 'rust', needs: 'cargo', run: () => counted('bash', ['clients/rust/ci.sh'], countCargo) },
  // Every client through every scenario; last, because the suites before have built what it needs.
  { name: 'conformance', run: () => counted('node', ['scripts/conformance.js'], countClosingLine) },
  {
    name: 'conformance-postgres',
    named: true,
    run: () =>
      counted('node', ['scripts/conformance.js', '--client', 'typescript', '--servers', '2'], countClosingLine),
  },
];

const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no suite ${unknown.join(', ')}; there are ${suites.map(({ name }) => name).join(', ')}.\n`,
  );
  process.exit(2);
}

let passed = 0;
let failed = 0;
const broken = [];
const absent = [];
for (const suite of suites) {
  if (wanted.length > 0 && !wanted.includes(suite.name)) continue;
  if (suite.needs !== undefined && !(await isThere(suite.needs))) {
    absent.push(`${suite.name} (needs ${suite.needs})`);
    continue;
  }
  process.stdout.write(`\n── ${suite.name}\n`);
  const started = Date.now();
  const result = await suite.run();
  passed += result.passed;
  failed += result.failed;
  if (result.failed > 0) broken.push(suite.name);
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  process.stdout.write(`── ${suite.name}: ${result.passed} passed, ${result.failed} failed, ${seconds} s\n`);
}

process.stdout.write('\n');
if (broken.length > 0) process.stdout.write(`FAILED: ${broken.join(', ')}\n`);
if (absent.length > 0) process.stdout.write(`NOT RUN, for want of a toolchain: ${absent.join(', ')}\n`);
if (absent.length > 0 && process.env.CI === 'true') failed += absent.length;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed > 0 ? 1 : 0);

/** One command that is right or wrong as a whole. */
async function check([command, ...args]) {
  const status = await execute(command, args);
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function vitest(project) {
  const report = join(tmpdir(), `workflow-graph-${project}-${process.pid}.json`);
  const status = await execute('vitest', [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
  rmSync(report);
  // A file that cannot be loaded fails without a test; so does an error outside of any test.
  const failures = Math.max(numFailedTests, status === 0 ? 0 : Math.max(1, Math.min(numFailedTestSuites, 1)));
  return { passed: numPassedTests, failed: failures };
}

/** A program that runs tests of its own and says in its output how many passed. */
async function counted(command, args, count) {
  let output = '';
  const status = await execute(command, args, (text) => {
    output += text;
  });
  const { passed, failed } = count(output);
  // What fails without a failed test (a format, a build) counts as one.
  return { passed, failed: status === 0 ? failed : Math.max(1, failed) };
}

function countSeeds(output) {
  const [, seeds = 0, broken = 0] = [...output.matchAll(/^(\d+) seeds, .* (\d+) broken/gm)].at(-1) ?? [];
  return { passed: Number(seeds) - Number(broken), failed: Number(broken) };
}

function countGo(output) {
  const lines = output.split('\n');
  return {
    passed: lines.filter((line) => line.startsWith('--- PASS')).length,
    failed: lines.filter((line) => line.startsWith('--- FAIL')).length,
  };
}

function countPython(output) {
  const summary = output.match(/^=*.*\d+ (passed|failed).* in .*$/gm)?.at(-1) ?? '';
  const number = (word) => Number(summary.match(new RegExp(`(\\d+) ${word}`))?.[1] ?? 0);
  return { passed: number('passed'), failed: number('failed') + number('error') };
}

function countCargo(output) {
  const results = [...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)];
  const sum = (at) => results.reduce((total, result) => total + Number(result[at]), 0);
  return { passed: sum(1), failed: sum(2) };
}

function countClosingLine(output) {
  const [, passed = 0, failed = 0] = [...output.matchAll(/^(\d+) passed, (\d+) failed/gm)].at(-1) ?? [];
  return { passed: Number(passed), failed: Number(failed) };
}

/** Runs a command. Its output is shown, and also handed to `onOutput` when there is one. */
function execute(command, args, onOutput) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', onOutput === undefined ? 'inherit' : 'pipe', 'inherit'],
    });
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      process.stdout.write(text);
      onOutput(text);
    });
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function isThere(command) {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', `command -v ${command}`], { env, stdio: 'ignore' });
    child.on('exit', (code) => resolve(code === 0));
  });
}
