import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pruneOperation } from '../../src/engine/runs/prune.js';
import { kyselyOver } from '../../src/store/kysely-over.js';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
});

afterEach(() => fixture.end());

async function count(
  table: 'workflows' | 'runs' | 'jobs' | 'attempts' | 'log_chunks' | 'events' | 'versions',
): Promise<number> {
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
  it('deletes the logs and then the runs that ended before a time, except the newest run of each workflow', async () => {
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

  it('keeps runs that have not ended', async () => {
    const id = await fixture.define('jobs: { a: { run: x } }');
    await fixture.startRun(id);
    await fixture.startRun(id);
    await prune({ runsMs: fixture.environment.now() + 1, logsMs: fixture.environment.now() + 1 });
    expect(await count('runs')).toBe(2);
  });

  it('deletes everything of a removed workflow, even its newest run once that has ended', async () => {
    const { engine, caller, environment } = fixture;
    const text = Buffer.from('jobs: { a: { run: x } }');
    const made = await engine.createWorkflow({ caller, text, format: 'yaml', requestId: null });
    const unrun = await engine.createWorkflow({ caller, text, format: 'yaml', requestId: null });
    await finishedRun(made.id);
    const { runId: open } = await fixture.startRun(made.id);
    for (const { id } of [made, unrun]) await engine.removeWorkflow(caller, id);
    await engine.removeWorkflow(caller, made.id);
    await expect(fixture.startRun(made.id)).rejects.toThrow('was removed');
    await environment.advance(1_000);
    await prune({ runsMs: environment.now(), logsMs: environment.now() });
    // Unfinished runs stay, with their definition.
    expect([await count('workflows'), await count('versions'), await count('runs')]).toEqual([1, 1, 1]);
    await fixture.complete(await fixture.claimed());
    expect((await engine.workflowStatus(open)).run?.state).toBe('success');
    await environment.advance(1_000);
    await prune({ runsMs: environment.now(), logsMs: environment.now() });
    expect([await count('workflows'), await count('versions'), await count('runs'), await count('jobs')]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it('deletes unused versions', async () => {
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
