import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimedJob, NewLogChunk } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;
let job: ClaimedJob;
let sequence: number;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
  await fixture.run('jobs: { a: { run: x, retries: 1 } }');
  job = await fixture.claimed();
  sequence = 0;
});
afterEach(() => fixture.end());

/** Chunks from texts; a leading `!` marks stderr. */
async function push(...texts: string[]): Promise<void> {
  await pushAt(
    sequence,
    texts.map((text) => text),
  );
  sequence += texts.length;
}

async function pushAt(first: number, texts: readonly string[]): Promise<void> {
  const chunks = texts.map(
    (text, at): NewLogChunk => ({
      runId: '',
      jobKey: '',
      sequence: first + at,
      data: text.replace(/^!/, ''),
      timestampMs: 1,
      stream: text.startsWith('!') ? 'stderr' : 'stdout',
    }),
  );
  for (let at = 0; at < chunks.length; at += 500) {
    await fixture.engine.pushLogs(fixture.caller, job.leaseId, chunks.slice(at, at + 500));
  }
}

const place = () => ({ id: job.runId, jobKey: 'a', attempt: 0 });
const read = (fromLine: number | null, limit = 1_000) => fixture.engine.logLines({ ...place(), fromLine, limit });
const textsOf = async (fromLine: number | null, limit?: number) =>
  (await read(fromLine, limit)).lines.map(
    ({ number, source, text }) => `${number} ${source === 'stderr' ? '!' : ''}${text}`,
  );

describe('the lines of a log', () => {
  it.each<[string, string[], string[]]>([
    ['nothing is stored', [], []],
    ['a chunk has several', ['a\nb\n'], ['1 a', '2 b']],
    ['the last has no end', ['a\nb'], ['1 a', '2 b']],
    ['a line spans chunks', ['a', 'b', 'c\n', 'd'], ['1 abc', '2 d']],
    ['lines are empty', ['\n\na\n'], ['1 ', '2 ', '3 a']],
    ['chunks are empty', ['a', '', '\n', ''], ['1 a']],
    ['the other stream writes within a line', ['be', '!warn\n', 'gin\n'], ['1 begin', '2 !warn']],
    ['both streams have open lines', ['be', '!war', 'gin\nnext', '!n\n'], ['1 begin', '2 !warn', '3 next']],
  ])('are numbered as they begin, when %s', async (_, texts, expected) => {
    if (texts.length > 0) await push(...texts);
    expect(await textsOf(1)).toEqual(expected);
    expect((await read(1)).lineCount).toBe(expected.length);
  });

  it('are the same from any line of a long log, and from its end', async () => {
    // Lines of 300 bytes split over chunks, across many marks, interleaved with stderr.
    const line = (number: number) => `${number}:${'x'.repeat(300)}`;
    const text = Array.from({ length: 2_000 }, (_, at) => `${line(at)}\n`).join('');
    const texts: string[] = [];
    for (let at = 0; at < text.length; at += 777) {
      texts.push(text.slice(at, at + 777));
      if (texts.length % 40 === 0) texts.push('!a warning\n');
    }
    await push(...texts);
    const { lines: all, lineCount } = await read(1, 5_000);
    expect(all.length).toBe(lineCount);
    expect(all.filter(({ source }) => source === 'stdout').map(({ text: of }) => of)).toEqual(
      Array.from({ length: 2_000 }, (_, at) => line(at)),
    );
    for (const from of [2, 217, 218, 219, 1_000, 1_999, lineCount]) {
      expect((await read(from, 30)).lines).toEqual(all.slice(from - 1, from + 29));
    }
    expect((await read(null, 10)).lines).toEqual(all.slice(-10));
    expect((await read(lineCount + 1, 10)).lines).toEqual([]);
  });

  it('are counted on as the log grows, and recounted when a chunk arrives late', async () => {
    await push('a\nb');
    expect((await read(1)).openLines).toEqual([{ source: 'stdout', number: 2 }]);
    await push('c\nd\n');
    expect(await textsOf(1)).toEqual(['1 a', '2 bc', '3 d']);
    await pushAt(10, ['z\n']);
    expect((await read(1)).position).toBe('0.10.stdout');
    await pushAt(5, ['late\n']);
    expect(await textsOf(1)).toEqual(['1 a', '2 bc', '3 d', '4 late', '5 z']);
  });

  it('continue where the last read ended', async () => {
    await push('a\nb');
    const { position } = await read(null);
    await push('c\n');
    const query = { ...place(), limit: null, after: position, tail: null };
    const chunks = [];
    for await (const batch of fixture.engine.jobLogs(query)) chunks.push(...batch.chunks);
    expect(chunks.map(({ data }) => data)).toEqual(['c\n']);
  });

  it('do not exist for an unknown attempt, job or run', async () => {
    await expect(fixture.engine.logLines({ ...place(), attempt: 7, fromLine: 1, limit: 1 })).rejects.toThrow(
      'attempt 7',
    );
    await expect(fixture.engine.logLines({ ...place(), jobKey: 'b', fromLine: 1, limit: 1 })).rejects.toThrow('"b"');
  });

  it('have one for the gap of a log that was too long', async () => {
    await fixture.end();
    fixture = await new EngineFixture(undefined, { logCap: { headBytes: 1_000, tailBytes: 1_000 } }).start();
    await fixture.run('jobs: { a: { run: x } }');
    job = await fixture.claimed();
    await push(...Array.from({ length: 50 }, (_, at) => `${at} ${'x'.repeat(150)}\n`));
    const { lines, lineCount } = await read(1);
    expect(lines.length).toBe(lineCount);
    expect(lines.filter(({ source }) => source === 'system').map(({ text }) => text)).toEqual([
      expect.stringContaining('are missing here'),
    ]);
    expect(lines.map(({ number }) => number)).toEqual(lines.map((_, at) => at + 1));
    expect(lines.at(-1)?.text).toMatch(/^49 /);
  });
});

describe('a search', () => {
  const search = (text: string, more = {}) =>
    fixture.engine.searchLog({ ...place(), text, isRegex: false, matchCase: false, fromLine: 1, limit: 100, ...more });

  it('finds lines ignoring case unless told otherwise, and resumes where it stopped', async () => {
    await push('Error one\nfine\n', '!an ERR', 'OR\n', '!OR two\nerror three\n');
    expect(await search('error')).toEqual({ lines: [1, 3, 5], nextLine: null });
    expect(await search('ERROR', { matchCase: true })).toEqual({ lines: [3], nextLine: null });
    expect(await search('error', { limit: 2 })).toEqual({ lines: [1, 3], nextLine: 4 });
    expect(await search('error', { fromLine: 4 })).toEqual({ lines: [5], nextLine: null });
    expect(await search('nowhere')).toEqual({ lines: [], nextLine: null });
  });

  it('finds the lines that match a regular expression of RE2, and names what is wrong with another', async () => {
    await push('Error 404\nfine\n', '!an error 50', '!0\n', 'terror\n');
    const found = (text: string, more = {}) => search(text, { isRegex: true, ...more });
    expect(await found('error \\d+$')).toEqual({ lines: [1, 3], nextLine: null });
    expect(await found('^error', { matchCase: true })).toEqual({ lines: [], nextLine: null });
    expect(await found('(a+)+$|\\bterror')).toEqual({ lines: [4], nextLine: null });
    for (const [text, why] of [
      ['a(b', 'missing closing ): `a(b`'],
      ['(?=x)', 'unsupported'],
      ['(a)\\1', 'invalid escape sequence'],
    ] as const) {
      await expect(found(text)).rejects.toMatchObject({ code: 'malformed', message: expect.stringContaining(why) });
    }
  });

  it('with a regular expression stops after a part of a long log, and resumes there', async () => {
    const part = `${'x'.repeat(99)}\n`.repeat(1_000);
    for (let parts = 0; parts < 12; parts++) await push(part);
    const first = await search('y', { isRegex: true });
    expect(first.lines).toEqual([]);
    expect(first.nextLine).toBeGreaterThan(1_000);
    expect(first.nextLine).toBeLessThan(12_000);
    expect(await search('x', { isRegex: true, fromLine: 11_999 })).toEqual({ lines: [11_999, 12_000], nextLine: null });
  });
});
