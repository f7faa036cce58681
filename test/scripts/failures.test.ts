import { afterEach, expect, it } from 'vitest';
import { check, counted } from '../../scripts/suites/commands.js';
import { failuresOfOutput, failuresOfVitest } from '../../scripts/suites/failures.js';

const factorBefore = process.env.TEST_TIME_FACTOR;
afterEach(() => {
  if (factorBefore === undefined) delete process.env.TEST_TIME_FACTOR;
  else process.env.TEST_TIME_FACTOR = factorBefore;
});

it('every command of a suite gets the factor of the machine, though it was measured after the suites were loaded', async () => {
  process.env.TEST_TIME_FACTOR = '12.5';
  let printed = '';
  await check(
    'sh',
    '-c',
    'echo factor $TEST_TIME_FACTOR',
  )((text) => {
    printed += text;
  });
  expect(printed).toContain('factor 12.5');
});

it('a suite that failed names what failed', async () => {
  const count = () => ({ passed: 3, failed: 1 });
  const run = counted(
    count,
    'sh',
    '-c',
    'echo begun; echo "--- FAIL: TestRenews (0.10s)"; echo "    lease.go:7: too late"; exit 1',
  );
  const result = await run(() => {});
  expect(result).toMatchObject({ passed: 3, failed: 1 });
  expect(result.failures.join()).toContain('--- FAIL: TestRenews (0.10s)\n    lease.go:7: too late');
  expect(result.failures.join()).not.toContain('begun');
});

it('a suite that passed names nothing', async () => {
  expect(await check('true')(() => {})).toEqual({ passed: 1, failed: 0, failures: [] });
});

it.each([
  ['test a_hang_up ... FAILED', 'Cargo'],
  ["thread 'a_hang_up' (7) panicked at tests/support/mod.rs:126:72:", 'a panic'],
  ['FAILED tests/test_worker.py::test_drain - assert 1 == 2', 'pytest'],
  ['✗ Shell (HTTP) cancel (61.0 s): no answer', 'the conformance suite'],
  ['MISSED       stopping: a report counts after the grace', 'planted bugs'],
  ['BROKEN seed 224: a chunk is read once: 1/j4', 'the simulation'],
])('%s is found in the output of %s', (line) => {
  const [failure] = failuresOfOutput(`fine\nfine\n\u001b[31m${line}\u001b[39m\nwhy\n${'fine\n'.repeat(9)}`);
  expect(failure).toMatch(new RegExp(`^${line.replaceAll(/[^\w ]/g, '.')}\nwhy\n`));
});

it('where nothing is marked the last lines are given', () => {
  const lines = Array.from({ length: 100 }, (_, at) => `line ${at}`);
  expect(failuresOfOutput(lines.join('\n'))[0]?.split('\n')).toEqual(lines.slice(-20));
});

it('tests that failed in vitest are named with their file and message; so is a file that could not be loaded', () => {
  const failed = {
    fullName: 'a lease is kept',
    status: 'failed',
    failureMessages: ['\u001b[31mError: lost\u001b[39m'],
  };
  const passed = { fullName: 'a lease ends', status: 'passed', failureMessages: [] };
  const failures = failuresOfVitest({
    testResults: [
      { name: 'lease.test.ts', status: 'failed', message: '', assertionResults: [passed, failed] },
      { name: 'broken.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
      { name: 'fine.test.ts', status: 'passed', message: '', assertionResults: [passed] },
    ],
  });
  expect(failures).toEqual(['lease.test.ts: a lease is kept\n    Error: lost', 'broken.test.ts\n    no such module']);
});
