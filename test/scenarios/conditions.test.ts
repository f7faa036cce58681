import { expect, test } from 'vitest';
import { states } from '../support/api.js';
import { sharedServer } from '../support/shared-server.js';
import { startWorkerProcess } from '../support/worker-process.js';

const runs = 'success';
const skipped = 'skipped';

/** Conditions below `good` (which succeeds, with outputs), `bad` (which fails) and `passed-over` (which is skipped). */
const table: readonly (readonly [needs: string[], condition: string, becomes: 'success' | 'skipped'])[] = [
  [['good'], 'success()', runs],
  [['good', 'bad'], 'success()', skipped],
  [['passed-over'], 'success()', skipped],
  [['good'], 'failure()', skipped],
  [['good', 'bad'], 'failure()', runs],
  [['passed-over'], 'failure()', skipped],
  [['good'], 'always()', runs],
  [['bad'], 'always()', runs],
  [['passed-over'], 'always()', runs],
  [['good'], 'cancelled()', skipped],
  [['bad'], '!cancelled()', runs],
  [['good'], "needs.good.result == 'success'", runs],
  [['good'], "needs.good.result != 'success'", skipped],
  [['bad'], "needs.bad.result == 'failure'", skipped],
  [['bad'], "always() && needs.bad.result == 'failure'", runs],
  [['passed-over'], "always() && needs.passed-over.result == 'skipped'", runs],
  [['good', 'bad'], "always() and needs.good.result == 'success' and needs.bad.result == 'success'", skipped],
  [['good'], "needs.good.outputs.version == '1.2.3'", runs],
  [['good'], "needs.good.outputs.version == '1.2.4'", skipped],
  [['good'], 'needs.good.outputs.count > 9', runs],
  [['good'], 'needs.good.outputs.missing', skipped],
  [['good'], "needs['good'].outputs['version'] != ''", runs],
  [['good'], "inputs.target == 'production'", runs],
  [['good'], "not inputs.target == 'production'", skipped],
  [['good'], "inputs.absent == '' and inputs.target != ''", runs],
  [['good'], "inputs.target == 'staging' or needs.good.outputs.count == 10", runs],
  [['good'], "(inputs.target == 'staging' || false) && true", skipped],
  [['good'], '$' + "{{ !(inputs.target == 'staging') }}", runs],
];

test('every kind of condition decides correctly on real outcomes', async () => {
  const server = await sharedServer();
  const api = server.api();
  await startWorkerProcess(server, { slots: 4 });
  const cases = Object.fromEntries(
    table.map(([needs, condition], i) => [`case-${i}`, { needs, if: condition, run: 'true' }]),
  );
  const run = await api.start(
    {
      name: 'conditions',
      jobs: {
        good: { run: 'echo "::set-output version=1.2.3"; echo "::set-output count=10"' },
        bad: { run: 'exit 1' },
        'passed-over': { needs: 'bad', run: 'true' },
        ...cases,
      },
    },
    { target: 'production' },
  );
  const ended = states(await api.ended(run));
  expect(ended).toMatchObject({ good: 'success', bad: 'failure', 'passed-over': 'skipped' });
  for (const [i, [needs, condition, becomes]] of table.entries()) {
    expect(ended[`case-${i}`], `if: ${condition}, needs ${needs.join(', ')}`).toBe(becomes);
  }
});

test('a skipped job skips its dependents, unless their condition lets them run', async () => {
  const server = await sharedServer();
  const api = server.api();
  await startWorkerProcess(server);
  const run = await api.start({
    name: 'chain',
    jobs: {
      root: { if: "inputs.deploy == 'yes'", run: 'true' },
      child: { needs: 'root', run: 'true' },
      grandchild: { needs: 'child', run: 'true' },
      report: { needs: 'grandchild', if: 'always()', run: 'true' },
      after: { needs: 'report', run: 'true' },
    },
  });
  const ended = await api.ended(run);
  expect(ended.state).toBe('success');
  expect(states(ended)).toEqual({
    root: 'skipped',
    child: 'skipped',
    grandchild: 'skipped',
    report: 'success',
    after: 'success',
  });
});

test('after a cancel only conditions with `always()` or `cancelled()` are evaluated, other jobs are cancelled', async () => {
  const server = await sharedServer();
  const api = server.api();
  await startWorkerProcess(server, { graceSecs: 1 });
  const run = await api.start({
    name: 'cancelled',
    jobs: {
      work: { run: 'echo begun; sleep 300' },
      plain: { needs: 'work', run: 'true' },
      failed: { needs: 'work', if: 'failure()', run: 'true' },
      succeeded: { needs: 'work', if: 'success()', run: 'true' },
      tidy: { needs: 'work', if: 'cancelled()', run: 'true' },
      // None of its needs was cancelled, but the run was.
      afterwards: { needs: 'tidy', if: 'cancelled()', run: 'true' },
      report: { needs: ['work', 'tidy'], if: "always() && needs.work.result == 'cancelled'", run: 'true' },
      other: { needs: 'work', if: "always() && needs.work.result == 'success'", run: 'true' },
    },
  });
  await api.logMatch(run, 'work', /begun/);
  await api.cancel(run);
  const ended = await api.ended(run);
  expect(ended.state).toBe('cancelled');
  expect(states(ended)).toEqual({
    work: 'cancelled',
    plain: 'cancelled',
    failed: 'cancelled',
    succeeded: 'cancelled',
    tidy: 'success',
    afterwards: 'success',
    report: 'success',
    other: 'skipped',
  });
});
