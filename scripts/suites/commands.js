// The building blocks of suites: commands, run from the repository's root with its own Node and programs.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failuresOfOutput, failuresOfVitest } from './failures.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'node_modules/.bin');

/** Read for each command, since the machine factor is set in the environment after this file is loaded. */
function environment() {
  const env = { ...process.env, PATH: `${join(root, 'node_modules/node/bin')}:${bin}:${process.env.PATH}` };
  // Commands print into a pipe whose other end may be a terminal.
  if (process.stdout.isTTY && env.NO_COLOR === undefined) env.FORCE_COLOR ??= '1';
  return env;
}

/** A single command that passes or fails as a whole. */
export function check(command, ...args) {
  return async (show) => {
    const { status, output } = await executeReading(command, args, show);
    return status === 0
      ? { passed: 1, failed: 0, failures: [] }
      : { passed: 0, failed: 1, failures: failuresOfOutput(output) };
  };
}

/** A project of vitest.config.ts. */
export function vitest(project) {
  return async (show) => {
    const report = join(tmpdir(), `workflow-graph-${project}-${process.pid}.json`);
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const { status, output } = await executeReading('vitest', ['run', '--project', project, ...reporters], show);
    if (!existsSync(report)) return { passed: 0, failed: 1, failures: failuresOfOutput(output) };
    const results = JSON.parse(readFileSync(report, 'utf8'));
    const { numPassedTests, numFailedTests, numFailedTestSuites } = results;
    rmSync(report);
    // A file that cannot be loaded fails without a test; so does an error outside of any test.
    const failures = Math.max(numFailedTests, status === 0 ? 0 : Math.max(1, Math.min(numFailedTestSuites, 1)));
    if (failures === 0) return { passed: numPassedTests, failed: 0, failures: [] };
    const named = failuresOfVitest(results);
    return { passed: numPassedTests, failed: failures, failures: named.length > 0 ? named : failuresOfOutput(output) };
  };
}

/** A program that runs its own tests and reports in its output how many passed; `count` parses that. */
export function counted(count, command, ...args) {
  return async (show) => {
    const { status, output } = await executeReading(command, args, show);
    const { passed, failed: counted } = count(output);
    // A failure without a failed test (a format, a build) counts as one, and so does a suite without any tests.
    const failed = status === 0 && passed > 0 ? counted : Math.max(1, counted);
    return { passed, failed, failures: failed > 0 ? failuresOfOutput(output) : [] };
  };
}

const compiled = ['test/conformance', 'test/support/postgres', 'test/sim'];

/** Compiles the drivers and the simulation, which several suites run. Returns whether it succeeded. */
export async function compileTests(show) {
  for (const folder of compiled) {
    if ((await execute('tsc', ['-p', folder], show)) !== 0) return false;
  }
  return true;
}

/** Whether a program is installed on this machine. */
export function isThere(program) {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', `command -v ${program}`], { env: environment(), stdio: 'ignore' });
    child.on('exit', (code) => resolve(code === 0));
  });
}

/** Sends a signal to every running command. */
export function killAll(signal) {
  for (const child of running) child.kill(signal);
}

const running = new Set();

/** An orphaned process may hold the output of a command open; this is how long to wait for it. */
const lastWordsMs = () => 2_000 * Number(process.env.TEST_TIME_FACTOR ?? 1);

/** Runs a command as `execute` does, and also returns its output. */
async function executeReading(command, args, show) {
  let output = '';
  const status = await execute(command, args, (text) => {
    output += text;
    show(text);
  });
  return { status, output };
}

/** Runs a command, passes its output to `show`, and returns its exit status. */
function execute(command, args, show) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const end = (status) => {
      running.delete(child);
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      resolve(status);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', show);
    child.on('error', (error) => {
      show(`${command}: ${error.message}\n`);
      end(1);
    });
    child.on('exit', (code) => {
      const patience = setTimeout(() => end(code ?? 1), lastWordsMs());
      child.on('close', () => {
        clearTimeout(patience);
        end(code ?? 1);
      });
    });
  });
}
