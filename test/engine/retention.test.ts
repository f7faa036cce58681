import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.js';
import { pruneOperation } from '../../src/engine/prune.js';
import { kyselyOver } from '../../src/store/kysely-over.js';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

async function count(table: 'runs' | 'jobs' | 'attempts' | 'log_chunks' | 'events' | 'versions'): Promise<number> {
  const { rows } = await kyselyOver(fixture.store.read)
    .selectFrom(table)
    .select((eb) => eb.fn.countAll().as('count'))
    .execute()
    .then((found) => ({ rows: found }));
  return Number(rows[0]?.count);
}

const chunk = (sequence: number, data: string) => ({
  runId: '',
  jobKey: '',
  sequence,
  data,
  timestampMs: 1,
  stream: 'stdout' as const,
});

async function finishedRun(id: string): Promise<string> {
  const { runId } = await fixture.startRun(id);
  const job = await fixture.claimed();
  await fixture.engine.pushLogs(fixture.caller, job.leaseId, [chunk(0, 'hello\n')]);
  await fixture.complete(job);
  return runId;
}

async function prune(before: { runsMs: number; logsMs: number }): Promise<void> {
  const operation = pruneOperation();
  while ((await fixture.engine.context.writer.submit(operation, before)).more);
}

describe('pruning', () => {
  it('takes away the logs and then the runs that ended before a time, but the newest run of each workflow', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    for (let i = 0; i < 3; i++) {
      await finishedRun(id);
      await fixture.environment.advance(1_000);
    }
    const now = fixture.environment.now();
    await prune({ runsMs: now - 10_000, logsMs: now - 10_000 });
    expect([await count('runs'), await count('log_chunks')]).toEqual([3, 3]);
    await prune({ runsMs: now - 2_500, logsMs: now - 1_500 });
    expect([await count('runs'), await count('log_chunks')]).toEqual([2, 1]);
    await prune({ runsMs: now, logsMs: now });
    expect([await count('runs'), await count('jobs'), await count('attempts'), await count('log_chunks')]).toEqual([
      1, 1, 1, 0,
    ]);
    expect((await fixture.engine.workflowStatus(id)).run?.state).toBe('success');
  });

  it('leaves runs that have not ended', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    await fixture.startRun(id);
    await fixture.startRun(id);
    await prune({ runsMs: fixture.environment.now() + 1, logsMs: fixture.environment.now() + 1 });
    expect(await count('runs')).toBe(2);
  });

  it('takes away versions that nobody needs', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    await finishedRun(id);
    await fixture.define('jobs: { a: { run: y } }', id);
    await fixture.environment.advance(1_000);
    await finishedRun(id);
    await fixture.environment.advance(1_000);
    expect(await count('versions')).toBe(2);
    await prune({ runsMs: fixture.environment.now(), logsMs: 0 });
    expect([await count('runs'), await count('versions')]).toEqual([1, 1]);
  });
});

describe('a log at its limit', () => {
  it('ends with a mark, and takes the rest without keeping it', async () => {
    await fixture.run('jobs: { a: { run: x } }');
    const job = await fixture.claimed();
    const piece = 'x'.repeat(8 * 1024 * 1024);
    const pieces = limits.logBytesPerAttempt / piece.length;
    for (let i = 0; i < pieces + 2; i++) {
      await fixture.engine.pushLogs(fixture.caller, job.leaseId, [chunk(i, piece)]);
    }
    const chunks = await fixture.engine.jobLogs({ id: job.runId, jobKey: 'a', attempt: null, limit: null, after: '' });
    expect(chunks.length).toBe(pieces + 1);
    expect(chunks.at(-1)?.data).toContain('the log is cut here');
    await fixture.complete(job);
  });
});
