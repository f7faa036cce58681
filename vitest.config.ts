import { defineConfig } from 'vitest/config';
import { describeFactor, timeFactor } from './scripts/suites/machine.js';

// What vitest starts by itself measures the machine by itself; under `npm test` all suites have one factor.
const machine = timeFactor();
if (machine.isMeasured) process.stdout.write(`${describeFactor(machine)}\n`);

/**
 * Most waits have bounds of their own, which say what was waited for. These are for what hangs without one, on the reference
 * machine; a machine that stalls for a while must not reach them.
 */
const testTimeout = Math.ceil(60_000 * machine.factor);
const hookTimeout = testTimeout;

/** What holds for SQLite alone: its lock, and its making. */
const ofSqlite = ['test/scenarios/{two-servers,new-database}.test.ts'];

const slow = [
  'test/scenarios/**/*.test.ts',
  'test/examples/**/*.test.ts',
  'test/sim/**/*.test.ts',
  'test/cli/{backup,prune,commands,definitions,job-guard,run-file,live-view,completion,started-by-npm,names-of-runs,printing}.test.ts',
  'test/fuzz/**/*.test.ts',
  'test/deploy/{checked-files,reverse-proxies}.test.ts',
];

/** These kill, freeze and starve real servers; that their judge can find fault is a unit test. */
const crash = ['test/crash/**/*.test.ts'];
const crashUnit = ['test/crash/verdict.test.ts'];

/** What has a database of its own, to be crashed. */
const faults = ['test/postgres/{faults,failover}.test.ts'];

/** It takes long, and waits for answers of the database for most of it. */
const race = ['test/postgres/racing-{claims,gates}.test.ts'];

/**
 * Files of the large projects share a process, so that it loads the engine once and not for each file: that takes a
 * third off their time. A test leaves nothing behind in the process.
 */
const shared = { isolate: false };

export default defineConfig({
  test: {
    testTimeout,
    hookTimeout,
    expect: { poll: { timeout: Math.ceil(15_000 * machine.factor) } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          ...shared,
          include: ['test/**/*.test.ts', 'clients/typescript/test/**/*.test.ts', 'web/test/**/*.test.ts'],
          exclude: [...slow, 'test/crash/!(verdict).test.ts', 'test/postgres/**', 'test/page/**', 'test/package/**'],
        },
      },
      {
        extends: true,
        // What is said of the engine and the store, once more on PostgreSQL; and what only PostgreSQL can show.
        test: {
          name: 'postgres',
          ...shared,
          include: ['test/engine/**/*.test.ts', 'test/store/**/*.test.ts', 'test/postgres/**/*.test.ts'],
          globalSetup: ['test/support/postgres/global-setup.ts'],
          exclude: [...faults, ...race],
          env: { TEST_DATABASE: 'postgres' },
        },
      },
      {
        extends: true,
        // Claims that race at three servers, and runs that race for places: "RACE_CLAIMS=1000000 npm test -- race".
        test: {
          name: 'race',
          include: race,
          globalSetup: ['test/support/postgres/global-setup.ts'],
          env: { TEST_DATABASE: 'postgres' },
        },
      },
      {
        extends: true,
        // Crashes of a database of its own under load, and its standby.
        test: {
          name: 'faults',
          include: faults,
          env: { TEST_DATABASE: 'postgres' },
        },
      },
      {
        extends: true,
        // More rounds, and the rounds of a seed again: "npm run crash -- --rounds 1000 --seed 7".
        test: {
          name: 'crash',
          include: crash,
          exclude: crashUnit,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        // These start real servers and workers: one file at a time leaves them the processor.
        test: {
          name: 'scenarios',
          include: slow,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        // What npm packs, installed from the registry and run.
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          fileParallelism: false,
        },
      },
      {
        extends: true,
        // The page in a real browser, against real servers and workers.
        test: {
          name: 'page',
          include: ['test/page/**/*.test.ts'],
          fileParallelism: false,
        },
      },
      {
        extends: true,
        // The same scenarios against two servers on one PostgreSQL, behind a proxy that takes turns.
        test: {
          name: 'scenarios-postgres',
          include: ['test/scenarios/**/*.test.ts'],
          exclude: ofSqlite,
          globalSetup: ['test/support/postgres/global-setup.ts'],
          env: { TEST_SERVERS: '2' },
          fileParallelism: false,
        },
      },
    ],
  },
});
