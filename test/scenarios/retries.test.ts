import type { Claim } from '@workflow-graph/client';
import { expect, test } from 'vitest';
import { type Api, states } from '../support/api.js';
import { sharedServer } from '../support/shared-server.js';
import { startWorkerProcess } from '../support/worker-process.js';

/** The server's clock is monotonic from its start; this one follows the wall clock, which may be adjusted. */
const clocksDifferMs = 20;

/** Fails an attempt and claims the next. Returns the server's delay, as a lower and an upper bound in ms. */
async function failAndClaimAgain(api: Api, claim: Claim): Promise<{ next: Claim; least: number; most: number }> {
  const sentAt = Date.now();
  await api.fail(claim, 'not yet', true);
  const answeredAt = Date.now();
  const next = await api.claimed('w', { labels: claim.job.required_labels });
  expect(next.job).toMatchObject({ job_id: claim.job.job_id, attempt: claim.job.attempt + 1 });
  const until = next.job.delayed_until_ms || next.job.enqueued_at_ms;
  expect(next.lease.granted_at_ms, 'not handed out before its time').toBeGreaterThanOrEqual(until);
  return { next, least: until - answeredAt, most: until - sentAt };
}

test.each([
  ['none', 'none', [0, 0, 0]],
  ['fixed', { fixed: 1 }, [1000, 1000, 1000]],
  ['exponential', { exponential: { base: 1, max: 3 } }, [1000, 2000, 3000]],
])('a job below the root is retried after its backoff: %s', async (_name, backoff, delays) => {
  const server = await sharedServer();
  const api = server.api();
  const jobs = { root: { run: 'x' }, child: { run: 'x', needs: 'root', retries: delays.length, backoff } };
  const run = await api.start({ name: 'backoff', jobs });
  await api.complete(await api.claimed('w'));

  let claim = await api.claimed('w');
  for (const delay of delays) {
    const { next, least, most } = await failAndClaimAgain(api, claim);
    expect(least).toBeLessThanOrEqual(delay + clocksDifferMs);
    expect(most).toBeGreaterThanOrEqual(delay - clocksDifferMs);
    claim = next;
  }
  await api.fail(claim, 'not at all', true);
  const ended = await api.ended(run);
  expect(ended.state).toBe('failure');
  expect(ended.jobs[1]).toMatchObject({ status: 'failure', attempt: delays.length, output: 'not at all' });
});

test('a failure that is not retryable, or does not say, ends the job immediately', async () => {
  const server = await sharedServer();
  const api = server.api();
  for (const retryable of [false, undefined]) {
    const run = await api.start({ name: 'for good', jobs: { a: { run: 'x', retries: 5 } } });
    await api.fail(await api.claimed('w'), 'bad config', retryable);
    expect((await api.ended(run)).jobs[0]).toMatchObject({ status: 'failure', attempt: 0, output: 'bad config' });
  }
});

test('a real worker retries jobs in the middle and at the end of a graph until they succeed or give up', async () => {
  const server = await sharedServer();
  const api = server.api();
  await startWorkerProcess(server, { slots: 3 });
  const succeedsAt = (attempt: number) =>
    `echo "try $WORKFLOW_GRAPH_ATTEMPT"; [ "$WORKFLOW_GRAPH_ATTEMPT" -ge ${attempt} ]`;
  const run = await api.start({
    name: 'flaky',
    jobs: {
      start: { run: 'true' },
      middle: { needs: 'start', run: succeedsAt(2), retries: 2 },
      fixed: { needs: 'start', run: succeedsAt(1), retries: 1, backoff: { fixed: 1 } },
      end: {
        needs: ['middle', 'fixed'],
        run: succeedsAt(1),
        retries: 3,
        backoff: { exponential: { base: 1, max: 2 } },
      },
      never: { needs: 'end', run: 'echo "no luck" >&2; exit 3', retries: 1 },
      unreached: { needs: 'never', run: 'true' },
    },
  });
  const ended = await api.ended(run);
  expect(states(ended)).toEqual({
    start: 'success',
    middle: 'success',
    fixed: 'success',
    end: 'success',
    never: 'failure',
    unreached: 'skipped',
  });
  expect(Object.fromEntries(ended.jobs.map((job) => [job.id, job.attempt]))).toMatchObject({
    middle: 2,
    fixed: 1,
    end: 1,
    never: 1,
  });
  expect(await api.logText(run, 'middle')).toBe('try 0\ntry 1\ntry 2\n');
  expect((await api.logs(run, 'middle')).map((chunk) => chunk.attempt)).toEqual([0, 1, 2]);
  expect((await api.job(run, 'never')).output).toBe('exit status 3\nno luck');
});
