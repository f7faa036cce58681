import type { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedJob, NewLogChunk } from '../../src/engine/engine.js';
import { pruneOperation } from '../../src/engine/runs/prune.js';
import { kyselyOver } from '../../src/store/kysely-over.js';
import { logGaps } from '../../src/store/migrations/0007-log-gaps.js';
import { EngineFixture } from '../support/engine-fixture.js';

const kib = 1024;
/** Ten lines of a kibibyte at the beginning, twenty at the end. */
const logCap = { headBytes: 10 * kib, tailBytes: 20 * kib };

let fixture: EngineFixture;

beforeEach(async () => {
  fixture = await new EngineFixture(undefined, { logCap }).start();
});
afterEach(() => fixture.end());

type Chunk = Pick<NewLogChunk, 'sequence' | 'data'> & Partial<NewLogChunk>;

const chunk = (more: Chunk): NewLogChunk => ({
  runId: '',
  jobKey: '',
  timestampMs: 1,
  stream: 'stdout',
  ...more,
});

/** A line of a kibibyte. */
const line = (sequence: number, text = `line ${sequence}`) => chunk({ sequence, data: `${text.padEnd(kib - 1)}\n` });

const push = (job: ClaimedJob, ...chunks: NewLogChunk[]) =>
  fixture.engine.pushLogs(fixture.caller, job.leaseId, chunks);

async function claimedJob(): Promise<ClaimedJob> {
  await fixture.run('jobs: { a: { run: x } }');
  return fixture.claimed();
}

const sequences = async (job: ClaimedJob) => (await fixture.logOf(job.runId, 'a')).map(({ sequence }) => sequence);

describe('a log that exceeds its cap', () => {
  it('keeps its first and its last chunks, with one mark between them that gives the missing size', async () => {
    const job = await claimedJob();
    for (let at = 0; at < 100; at += 5) await push(job, ...[0, 1, 2, 3, 4].map((more) => line(at + more)));
    const log = await fixture.logOf(job.runId, 'a');
    expect(log.map(({ sequence }) => sequence)).toEqual([...range(0, 10), 79, ...range(80, 100)]);
    const marks = log.filter(({ missingBytes }) => missingBytes !== null);
    expect(marks.map(({ sequence, missingBytes }) => [sequence, missingBytes])).toEqual([[79, 70 * kib]]);
    expect(marks[0]?.data).toBe(
      `\n… ${70 * kib} bytes of this log are missing here (70 chunks): the log is longer than the server keeps …\n`,
    );
    await fixture.complete(job);
  });

  it('has no gap mark once the log was pruned', async () => {
    const job = await claimedJob();
    for (let at = 0; at < 60; at++) await push(job, line(at));
    await fixture.complete(job);
    const missing = async () => (await fixture.engine.workflowStatus(job.runId)).jobs[0]?.logMissingBytes;
    expect(await missing()).toBeGreaterThan(0);
    await fixture.environment.advance(1_000);
    const before = { runsMs: 0, logsMs: fixture.environment.now() };
    while ((await fixture.engine.context.writer.submit(pruneOperation(), before)).more);
    expect(await fixture.logOf(job.runId, 'a')).toEqual([]);
    expect(await missing()).toBeNull();
  });

  it('accepts repeated chunks that it has dropped, also under a lost lease, and does not store them', async () => {
    const job = await claimedJob();
    for (let at = 0; at < 60; at++) await push(job, line(at));
    const before = await sequences(job);
    expect(await push(job, line(15), line(16))).toBe(2);
    expect(await push(job, line(20), line(59), line(3))).toBe(3);
    expect(await sequences(job)).toEqual(before);
    await fixture.complete(job);
    expect(await push(job, line(15), line(59))).toBe(2);
    await expect(push(job, line(15), line(60))).rejects.toThrow('ended');
    expect(await sequences(job)).toEqual(before);
  });

  it('counts a chunk once if one push contains it twice', async () => {
    const job = await claimedJob();
    for (let at = 0; at < 30; at++) await push(job, line(at), line(at));
    expect(await sequences(job)).toEqual(range(0, 30));
  });

  it('counts U+0000 as stored: three bytes', async () => {
    const job = await claimedJob();
    for (let at = 0; at < 30; at++) await push(job, chunk({ sequence: at, data: '\0'.repeat(kib) }));
    const log = await fixture.logOf(job.runId, 'a');
    const kept = log.filter(({ missingBytes }) => missingBytes === null);
    expect(kept.map(({ sequence }) => sequence)).toEqual([0, 1, 2, ...range(23, 30)]);
    expect(kept.every(({ data }) => data === '\uFFFD'.repeat(kib))).toBe(true);
  });

  it('counts lone surrogates as stored: three bytes', async () => {
    const job = await claimedJob();
    for (let at = 0; at < 30; at++) await push(job, chunk({ sequence: at, data: '\ud800'.repeat(kib) }));
    expect(await sequences(job)).toEqual([0, 1, 2, 22, ...range(23, 30)]);
  });

  it('counts a minimum for every chunk, so that empty ones also fill it', async () => {
    const job = await claimedJob();
    for (let at = 0; at < 1_000; at += 100) {
      await push(job, ...range(at, at + 100).map((sequence) => chunk({ sequence, data: '' })));
    }
    // 128 bytes each: 80 at the beginning, 160 at the end.
    const log = await fixture.logOf(job.runId, 'a');
    expect(log.map(({ sequence }) => sequence)).toEqual([...range(0, 80), 839, ...range(840, 1_000)]);
    expect(log[80]).toMatchObject({ missingBytes: 0 });
  });

  it('keeps the newest chunk, however large it is', async () => {
    const job = await claimedJob();
    for (let at = 0; at < 12; at++) await push(job, line(at));
    await push(job, chunk({ sequence: 12, data: 'x'.repeat(40 * kib) }));
    const log = await fixture.logOf(job.runId, 'a');
    expect(log.map(({ sequence }) => sequence)).toEqual([...range(0, 10), 11, 12]);
    await push(job, line(13));
    expect(await sequences(job)).toEqual([...range(0, 10), 12, 13]);
  });

  it('is cut for each attempt separately', async () => {
    await fixture.run('jobs: { a: { run: x, retries: 1 } }');
    const first = await fixture.claimed();
    for (let at = 0; at < 31; at++) await push(first, line(at));
    await fixture.fail(first, true);
    const second = await fixture.claimed();
    await push(second, line(0), line(1));
    const log = await fixture.logOf(first.runId, 'a');
    expect(log.map(({ attempt, sequence }) => `${attempt}.${sequence}`)).toEqual([
      ...[...range(0, 10), 10, ...range(11, 31)].map((sequence) => `0.${sequence}`),
      '1.0',
      '1.1',
    ]);
  });
});

describe('a reader of a log with a gap', () => {
  it('that resumes inside the gap gets the mark and the rest; one that read the last chunk before the gap gets no mark', async () => {
    const job = await claimedJob();
    for (let at = 0; at < 50; at++) await push(job, line(at));
    const from = async (after: string) =>
      (await fixture.logOf(job.runId, 'a', { after })).slice(0, 2).map(({ sequence }) => sequence);
    expect(await from('0.9.stdout')).toEqual([29, 30]);
    expect(await from('0.20.stdout')).toEqual([29, 30]);
    expect(await from('0.29.stdout')).toEqual([30, 31]);
    expect(await from('0.40.stdout')).toEqual([41, 42]);
    expect(await fixture.logOf(job.runId, 'a', { after: '0.8.stdout', limit: 2 })).toMatchObject([
      { sequence: 9 },
      { sequence: 29, missingBytes: 20 * kib },
    ]);
  });

  it('that asks for the last lines gets no mark of a gap before them', async () => {
    const job = await claimedJob();
    for (let at = 0; at < 50; at++) await push(job, line(at));
    await push(job, chunk({ sequence: 50, data: 'why it failed\n', stream: 'stderr' }));
    const last = await fixture.logOf(job.runId, 'a', { tail: 2 });
    expect(last.map(({ sequence }) => sequence)).toEqual([49, 50]);
    const more = await fixture.logOf(job.runId, 'a', { tail: 25 });
    expect(more.map(({ missingBytes }) => missingBytes).filter((bytes) => bytes !== null)).toHaveLength(1);
  });

  it('that follows live and is fast enough misses nothing; a slow one gets the mark', async () => {
    const job = await claimedJob();
    const abort = new AbortController();
    const query = { id: job.runId, jobKey: 'a', attempt: null, limit: null, after: '', tail: null };
    const [fast, slow] = [0, 1].map(() => fixture.engine.followJobLogs(query, abort.signal)[Symbol.asyncIterator]());
    const next = async (reader: typeof fast) =>
      ((await reader?.next())?.value?.chunks ?? []).map(({ sequence }: { sequence: number }) => sequence);
    const [seenFast, seenSlow]: [number[], number[]] = [[], []];
    for (let at = 0; at < 60; at++) {
      await push(job, line(at));
      seenFast.push(...(await next(fast)));
      if (at === 4) seenSlow.push(...(await next(slow)));
    }
    await fixture.complete(job);
    for (let more = await next(slow); more.length > 0; more = await next(slow)) seenSlow.push(...more);
    expect(seenFast).toEqual(range(0, 60));
    expect(seenSlow).toEqual([...range(0, 10), 39, ...range(40, 60)]);
    abort.abort();
  });
});

describe('outputs printed by a job', () => {
  const outputsOf = async (job: ClaimedJob) => {
    const { jobs } = await fixture.engine.workflowStatus(job.runId);
    return Object.fromEntries(jobs[0]?.outputs ?? []);
  };

  it('count even if the chunk with the line was dropped, and the last line of a key wins', async () => {
    const job = await claimedJob();
    await push(job, line(0, '::set-output in_head=1\n::set-output twice=head\n'));
    for (let at = 1; at < 20; at++) await push(job, line(at));
    await push(job, line(20, '::set-output in_gap=2\n::set-output twice=gap\n::set-output thrice=gap'));
    for (let at = 21; at < 80; at++) await push(job, line(at));
    await push(job, line(80, '::set-output in_tail=3\n::set-output thrice=tail'));
    await fixture.complete(job);
    expect(trimmed(await outputsOf(job))).toEqual({
      in_head: '1',
      in_gap: '2',
      in_tail: '3',
      twice: 'gap',
      thrice: 'tail',
    });
  });

  it('are read from lines that are cut by the ends of the gap', async () => {
    const job = await claimedJob();
    for (let at = 0; at < 9; at++) await push(job, line(at));
    await push(job, chunk({ sequence: 9, data: `${' '.repeat(kib - 10)}\n::set-ou` }));
    await push(job, chunk({ sequence: 10, data: 'tput first=one' }), chunk({ sequence: 11, data: ' more\n' }));
    await push(job, chunk({ sequence: 12, data: `${'x'.repeat(kib)}\n::set-output second=t` }));
    await push(
      job,
      chunk({ sequence: 13, data: 'wo\n', stream: 'stdout' }),
      chunk({ sequence: 14, data: 'no line end ' }),
    );
    await push(job, chunk({ sequence: 15, data: '::set-output none=1\n' }));
    for (let at = 16; at < 36; at++) await push(job, line(at));
    await fixture.complete(job);
    expect(await outputsOf(job)).toEqual({ first: 'one more', second: 'two' });
  });

  it('begin at the start of a line, also where lines without outputs were dropped first', async () => {
    const job = await claimedJob();
    for (let at = 0; at < 31; at++) await push(job, chunk({ sequence: at, data: 'x'.repeat(kib) }));
    await push(job, chunk({ sequence: 31, data: '::set-output none=1\n'.padEnd(kib) }));
    for (let at = 32; at < 80; at++) await push(job, line(at));
    await fixture.complete(job);
    expect(await outputsOf(job)).toEqual({});
  });

  it('are refused if the dropped ones are too large', async () => {
    const job = await claimedJob();
    for (let at = 0; at < 20; at++) {
      await push(job, chunk({ sequence: at, data: `::set-output k${at}=${'v'.repeat(60 * kib)}\n` }));
    }
    for (let at = 20; at < 60; at++) await push(job, line(at));
    await expect(fixture.complete(job)).rejects.toThrow('at most 1048576 are allowed');
    expect((await fixture.engine.workflowStatus(job.runId)).jobs[0]?.status).toBe('failure');
  });
});

it('the migration recounts logs that were counted before U+0000 was replaced', async () => {
  const job = await claimedJob();
  await push(job, chunk({ sequence: 0, data: 'a\0b\0' }), chunk({ sequence: 1, data: 'x'.repeat(200) }));
  await fixture.store.transact(async (connection) => {
    for (const statement of [
      'update attempts set log_bytes = 204',
      'alter table attempts drop column log_padding',
      'alter table attempts drop column log_gap',
      'alter table attempts drop column log_gap_outputs',
    ])
      await connection.query(statement, []);
    await logGaps(connection.dialect).up(kyselyOver(connection) as Kysely<unknown>);
  });
  const [attempt] = await fixture.store.read.query('select log_bytes, log_padding from attempts', []);
  expect(attempt).toMatchObject({ log_bytes: 208, log_padding: 120 });
});

it('by default the first 16 MiB and the last 48 MiB are kept', async () => {
  const whole = await new EngineFixture().start();
  try {
    await whole.run('jobs: { a: { run: x } }');
    const job = await whole.claimed();
    const data = 'x'.repeat(4 * kib * kib);
    for (let at = 0; at < 19; at++) {
      await whole.engine.pushLogs(whole.caller, job.leaseId, [chunk({ sequence: at, data })]);
    }
    const log = await whole.logOf(job.runId, 'a');
    expect(log.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3, 6, ...range(7, 19)]);
    await whole.complete(job);
  } finally {
    await whole.end();
  }
}, 60_000);

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

function trimmed(outputs: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, value.trim()]));
}
