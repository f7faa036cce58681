import { afterEach, beforeEach, expect, it } from 'vitest';
import { EngineFixture } from '../support/engine-fixture.js';
import { runQuery } from '../support/run-query.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

it('a job that is released after an empty log chunk leaves nothing to its next attempt', async () => {
  await fixture.run('jobs: { a: { run: x } }');
  const first = await fixture.claimed();
  const chunk = { runId: '', jobKey: '', sequence: 0, timestampMs: 0, stream: 'stdout' } as const;
  await fixture.engine.pushLogs(fixture.caller, first.leaseId, [{ ...chunk, data: '' }]);
  await fixture.engine.releaseJob(fixture.caller, first.leaseId);
  const second = await fixture.claimed();
  await fixture.engine.pushLogs(fixture.caller, second.leaseId, [{ ...chunk, data: '::set-output a=1\n' }]);
  await fixture.complete(second);
  const { chunks } = await logOf(second.runId);
  expect(chunks).toEqual(['::set-output a=1\n']);
});

it('an error that is cut in the middle of a character is stored', async () => {
  const run = await fixture.run('jobs: { a: { run: x } }');
  const job = await fixture.claimed();
  // Surrogate pairs from an odd position on: the first cut splits one.
  await fixture.engine.failJob(fixture.caller, job.leaseId, { error: `x${'😀'.repeat(50_000)}y\0`, retryable: false });
  const { jobs } = await fixture.engine.workflowStatus(run);
  expect(jobs[0]?.error).toMatch(/^x😀+\uFFFD\n… \d+ characters cut …\n😀+y\uFFFD$/u);
});

it.each(['x!', '-1', 'ZZZ', '9007199254740993', 'z'.repeat(200), '1.5', ' '])(
  'an invented page token is refused: %j',
  async (pageToken) => {
    await expect(fixture.engine.listRuns(runQuery({ pageToken }))).rejects.toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('page_token'),
    });
  },
);

async function logOf(run: string): Promise<{ chunks: string[] }> {
  const found = await fixture.logOf(run, 'a');
  return { chunks: found.map(({ data }) => data) };
}

it('an output without a key is malformed, not too large', async () => {
  await fixture.run('jobs: { a: { run: x } }');
  const job = await fixture.claimed();
  await expect(fixture.complete(job, { '': 'v' })).rejects.toMatchObject({
    code: 'malformed',
    message: 'outputs: an output needs a key',
  });
  await fixture.complete(job, { k: 'v' });
});
