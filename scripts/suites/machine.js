// Measures how slow this machine currently is: it times a fixed piece of work and compares it with the fastest machine
// that the tests have run on. Every bound of a test is multiplied by the ratio, and the number of interchangeable cases
// is divided by it.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The time of one round on the fastest machine. A quiet machine that answered a sixth of its no-op requests
 * (docs/benchmarks.md: 62,400 a second) took 78 ms.
 */
const referenceMs = 13;

const rounds = 5;

/** A machine that seems slower than this stalled during the measurement. */
const mostFactor = 30;

const variable = 'TEST_TIME_FACTOR';

/**
 * The factor of this run, at least 1. It is measured once and passed to every process started from here;
 * TEST_TIME_FACTOR in the environment overrides it.
 *
 * @param {number} beside how many busy processes run during the measurement: as many as the suites that will run
 * concurrently
 * @returns {{ factor: number, isMeasured: boolean }}
 */
export function timeFactor(beside = 0) {
  const given = process.env[variable];
  if (given !== undefined && given !== '') {
    const factor = Number(given);
    if (!(factor >= 1) || !Number.isFinite(factor)) throw new Error(`${variable}: ${given} is not a number from 1`);
    return { factor, isMeasured: false };
  }
  const factor = Math.round(Math.min(mostFactor, Math.max(1, measureBeside(beside) / referenceMs)) * 10) / 10;
  process.env[variable] = String(factor);
  return { factor, isMeasured: true };
}

/** One line that gives the factor and its effect. */
export function describeFactor({ factor, isMeasured }) {
  const source = isMeasured ? 'measured' : `from ${variable}`;
  return `machine factor ${factor} (${source}; 1 is the reference): every wait may take ${factor} times as long`;
}

/** They exit by themselves if this process cannot end them. */
const busy = 'const end = Date.now() + 30_000; while (Date.now() < end);';

function measureBeside(count) {
  const processes = Array.from({ length: count }, () => spawn(process.execPath, ['--eval', busy], { stdio: 'ignore' }));
  try {
    return measureMs();
  } finally {
    for (const child of processes) child.kill('SIGKILL');
  }
}

/** The mean time of a round: load of other processes counts, as it does for the tests. */
function measureMs() {
  const folder = mkdtempSync(join(tmpdir(), 'workflow-graph-machine-'));
  try {
    compute();
    const startedAt = performance.now();
    for (let round = 0; round < rounds; round++) {
      compute();
      startProcesses();
      syncFile(join(folder, 'file'));
    }
    return (performance.now() - startedAt) / rounds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compute() {
  const jobs = Array.from({ length: 200 }, (_, i) => ({
    id: `job-${i}`,
    needs: [`a${i}`, `b${i}`],
    rank: (i * 7919) % 1000,
  }));
  for (let i = 0; i < 150; i++) {
    const copy = JSON.parse(JSON.stringify(jobs));
    copy.sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1));
    createHash('sha256')
      .update(copy.map(({ id }) => id).join())
      .digest();
  }
}

function startProcesses() {
  for (let i = 0; i < 20; i++) spawnSync('/bin/sh', ['-c', 'true'], { stdio: 'ignore' });
}

function syncFile(path) {
  const file = openSync(path, 'w');
  const page = Buffer.alloc(4096, 1);
  for (let i = 0; i < 8; i++) {
    writeSync(file, page);
    fsyncSync(file);
  }
  closeSync(file);
}
