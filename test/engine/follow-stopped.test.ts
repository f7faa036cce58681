import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ClaimedJob, LogBatch } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;
let job: ClaimedJob;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
  await fixture.run('jobs: { a: { run: x, retries: 1 } }');
  job = await fixture.claimed();
});
afterEach(() => fixture.end());

async function push(sequence: number, data: string): Promise<void> {
  const chunk = { runId: '', jobKey: '', sequence, data, timestampMs: 1, stream: 'stdout' } as const;
  await fixture.engine.pushLogs(fixture.caller, job.leaseId, [chunk]);
}

const query = (after = '') => ({ id: job.runId, jobKey: 'a', attempt: null, limit: null, after, tail: null });

function follow(): AsyncIterator<LogBatch> {
  return fixture.engine.followJobLogs(query(), new AbortController().signal)[Symbol.asyncIterator]();
}

async function next(follower: AsyncIterator<LogBatch>): Promise<string | null> {
  const { done, value } = await follower.next();
  return done === true ? null : value.chunks.map(({ data }: { data: string }) => data).join('');
}

it('a follower of a cancelled job gets its output until its worker reports that it has stopped', async () => {
  await push(0, 'begun\n');
  const follower = follow();
  expect(await next(follower)).toBe('begun\n');
  await fixture.cancel(job.runId);
  expect(await fixture.statuses(job.runId)).toEqual({ a: 'cancelled' });
  const trapped = next(follower);
  await push(1, 'trapped\n');
  expect(await trapped).toBe('trapped\n');
  expect(await fixture.engine.canFollowLogs(query('0.1.stdout'))).toBe(true);
  const end = next(follower);
  await fixture.fail(job).catch(() => {});
  expect(await end).toBeNull();
  expect(await fixture.engine.canFollowLogs(query('0.1.stdout'))).toBe(false);
});

it('a follower of a cancelled job whose worker never reports ends after the grace period', async () => {
  const follower = follow();
  await fixture.cancel(job.runId);
  const first = next(follower);
  await fixture.environment.advance(10_000);
  expect(await first).toContain('did not');
  expect(await next(follower)).toBeNull();
});

it('a follower of a job that was cancelled before its claim ends immediately', async () => {
  await fixture.fail(job, true);
  await fixture.cancel(job.runId);
  expect(await next(follow())).toBeNull();
});
