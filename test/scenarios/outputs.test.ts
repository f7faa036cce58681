import { expect, test } from 'vitest';
import { sharedServer } from '../support/shared-server.js';
import { startWorkerProcess } from '../support/worker-process.js';

const width = 8;

test('outputs pass down a diamond of 1, 8 and 1 jobs, each to the jobs that need it and to no other', async () => {
  const server = await sharedServer();
  const api = server.api();
  await startWorkerProcess(server, { slots: 4 });
  const middle = Array.from({ length: width }, (_, i) => `part-${i + 1}`);
  const run = await api.start({
    name: 'diamond',
    jobs: {
      top: { run: 'echo "::set-output seed=7"; echo "::set-output words=two words = $HOME"' },
      ...Object.fromEntries(
        middle.map((key, i) => [
          key,
          { needs: 'top', run: `echo "squared=$((NEEDS_TOP_SEED * ${i + 1}))" >> "$WORKFLOW_GRAPH_OUTPUT"` },
        ]),
      ),
      bottom: {
        needs: middle,
        run: `
          sum=0
          for n in ${middle.map((_, i) => `$NEEDS_PART_${i + 1}_SQUARED`).join(' ')}; do sum=$((sum + n)); done
          echo "::set-output sum=$sum"
          echo "seed here: '\${NEEDS_TOP_SEED-absent}'"
          cat "$WORKFLOW_GRAPH_CONTEXT"`,
      },
    },
  });
  const ended = await api.ended(run);
  expect(ended.state).toBe('success');
  const outputs = Object.fromEntries(ended.jobs.map((job) => [job.id, job.outputs]));
  expect(outputs.top).toEqual({ seed: '7', words: `two words = ${process.env.HOME ?? '/'}` });
  for (const [i, key] of middle.entries()) expect(outputs[key]).toEqual({ squared: String(7 * (i + 1)) });
  expect(outputs.bottom).toEqual({ sum: String((7 * (width * (width + 1))) / 2) });

  const log = await api.logText(run, 'bottom');
  expect(log).toContain("seed here: 'absent'");
  const context = JSON.parse(log.slice(log.indexOf('{')));
  expect(context.upstream_outputs).toEqual(Object.fromEntries(middle.map((key) => [key, outputs[key]])));
  expect(context).toMatchObject({ run_id: run, job_id: 'bottom', attempt: 0 });
});

test('a claim has the outputs of each need, including a need without outputs', async () => {
  const server = await sharedServer();
  const api = server.api();
  await api.start({
    name: 'claims',
    jobs: { one: { run: 'x' }, two: { run: 'x' }, both: { run: 'x', needs: ['one', 'two'] } },
  });
  const first = await api.claimed('w');
  await api.complete(first, { key: 'value', empty: '' });
  await api.complete(await api.claimed('w'), {});
  expect((await api.claimed('w')).job.upstream_outputs).toEqual({ one: { key: 'value', empty: '' }, two: {} });
});

test('only the outputs of the attempt that succeeded count', async () => {
  const server = await sharedServer();
  const api = server.api();
  await startWorkerProcess(server);
  const run = await api.start({
    name: 'retried',
    jobs: {
      flaky: {
        retries: 1,
        run: 'echo "::set-output attempt=$WORKFLOW_GRAPH_ATTEMPT"; [ "$WORKFLOW_GRAPH_ATTEMPT" = 1 ] || { echo "::set-output only=first"; exit 1; }',
      },
      after: { needs: 'flaky', run: 'env | grep ^NEEDS_ | sort' },
    },
  });
  expect((await api.ended(run)).state).toBe('success');
  expect((await api.job(run, 'flaky')).outputs).toEqual({ attempt: '1' });
  expect(await api.logText(run, 'after')).toBe('NEEDS_FLAKY_ATTEMPT=1\nNEEDS_FLAKY_RESULT=success\n');
});

test('without reported outputs, the server reads them from the pushed stdout, split anywhere; reported ones take precedence', async () => {
  const server = await sharedServer();
  const api = server.api();
  const run = await api.start({ name: 'scanned', jobs: { a: { run: 'x' }, b: { run: 'x', needs: 'a' } } });
  const claim = await api.claimed('w');
  await api.pushLogs(
    claim,
    'building\n::set-out',
    'put version=1.2',
    '.3\n::set-output url=s3://b\nnot ::set-output x=y\n',
  );
  await api.complete(claim, { url: 'reported' });
  expect((await api.job(run, 'a')).outputs).toEqual({ version: '1.2.3', url: 'reported' });
  expect((await api.claimed('w')).job.upstream_outputs).toEqual({ a: { version: '1.2.3', url: 'reported' } });
});
