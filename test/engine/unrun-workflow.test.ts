import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogBatch, LogQuery } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

const query = (id: string, more: Partial<LogQuery> = {}): LogQuery => ({
  id,
  jobKey: 'a',
  attempt: null,
  limit: null,
  after: '',
  tail: null,
  ...more,
});

async function texts(batches: AsyncIterable<LogBatch>): Promise<string[]> {
  const found: string[] = [];
  for await (const { chunks } of batches) found.push(...chunks.map(({ attempt, data }) => `${attempt}:${data}`));
  return found;
}

const say = (leaseId: string, data: string) =>
  fixture.engine.pushLogs(fixture.caller, leaseId, [
    { runId: '', jobKey: '', sequence: 0, data, timestampMs: 0, stream: 'stdout' },
  ]);

describe('a workflow without runs', () => {
  it('has jobs with empty logs, none of them cancelled', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    expect(await texts(fixture.engine.jobLogs(query(id)))).toEqual([]);
    expect(await fixture.engine.stopReasonOfJob(id, 'a')).toBeNull();
    expect(await fixture.engine.canFollowLogs(query(id))).toBe(true);
  });

  it('refuses an unknown job, and an invalid position', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    const missing = query(id, { jobKey: 'b' });
    await expect(texts(fixture.engine.jobLogs(missing))).rejects.toMatchObject({ code: 'not_found' });
    await expect(fixture.engine.canFollowLogs(missing)).rejects.toMatchObject({ code: 'not_found' });
    await expect(fixture.engine.stopReasonOfJob(id, 'b')).rejects.toMatchObject({ code: 'not_found' });
    await expect(texts(fixture.engine.jobLogs(query(id, { after: 'x' })))).rejects.toMatchObject({ code: 'malformed' });
    await expect(fixture.engine.canFollowLogs(query(id, { after: 'x' }))).rejects.toMatchObject({ code: 'malformed' });
  });

  it('is followed from its first run on', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    const followed = texts(fixture.engine.followJobLogs(query(id), new AbortController().signal));
    await fixture.startRun(id);
    const job = await fixture.claimed();
    await say(job.leaseId, 'hello');
    await fixture.complete(job);
    await fixture.environment.advance(1_000);
    expect(await followed).toEqual(['0:hello']);
  });
});

describe('a position in a log', () => {
  it('of an earlier attempt does not return that attempt to a reader of another', async () => {
    const id = await fixture.define('jobs: { a: { run: x, retries: 1 } }');
    await fixture.startRun(id);
    const first = await fixture.claimed();
    await say(first.leaseId, 'first');
    await fixture.engine.pushLogs(fixture.caller, first.leaseId, [
      { runId: '', jobKey: '', sequence: 1, data: 'more', timestampMs: 0, stream: 'stdout' },
    ]);
    await fixture.fail(first, true);
    const second = await fixture.claimed();
    await say(second.leaseId, 'second');
    const logs = (more: Partial<LogQuery>) => texts(fixture.engine.jobLogs(query(id, more)));
    expect(await logs({ attempt: 1, after: '0.0.stdout' })).toEqual(['1:second']);
    expect(await logs({ attempt: 0, after: '0.0.stdout' })).toEqual(['0:more']);
    expect(await logs({ attempt: 0, after: '1.0.stdout' })).toEqual([]);
    expect(await logs({ after: '0.0.stdout' })).toEqual(['0:more', '1:second']);
  });

  it('at the end of a log that has ended leaves nothing to follow', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    await fixture.startRun(id);
    const job = await fixture.claimed();
    await say(job.leaseId, 'all');
    const canFollow = (after: string) => fixture.engine.canFollowLogs(query(id, { after }));
    expect(await canFollow('0.0.stdout')).toBe(true);
    await fixture.complete(job);
    expect([await canFollow(''), await canFollow('0.0.stdout')]).toEqual([true, false]);
  });
});
