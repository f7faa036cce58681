import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ClaimedJob, NewLogChunk } from '../../src/engine/engine.js';
import { EngineFixture } from '../support/engine-fixture.js';

let fixture: EngineFixture;
let job: ClaimedJob;

beforeEach(async () => {
  fixture = await new EngineFixture().start();
  await fixture.run('jobs: { a: { run: x, retries: 1 } }');
  job = await fixture.claimed();
});
afterEach(() => fixture.end());

/** Chunks from texts; a leading `!` marks stderr. */
async function push(...texts: string[]): Promise<void> {
  const chunks = texts.map(
    (text, sequence): NewLogChunk => ({
      runId: '',
      jobKey: '',
      sequence,
      data: text.replace(/^!/, ''),
      timestampMs: 1,
      stream: text.startsWith('!') ? 'stderr' : 'stdout',
    }),
  );
  await fixture.engine.pushLogs(fixture.caller, job.leaseId, chunks);
}

const tail = async (lines: number, more = {}) =>
  (await fixture.logOf(job.runId, 'a', { tail: lines, ...more })).map(
    ({ data, stream }) => `${stream === 'stderr' ? '!' : ''}${data}`,
  );

it.each<[string, string[], number, string[]]>([
  ['nothing is stored', [], 3, []],
  ['no line is requested', ['a\n'], 0, []],
  ['there are fewer', ['a\nb\n'], 5, ['a\nb\n']],
  ['they are in one chunk', ['a\nb\nc\n'], 2, ['b\nc\n']],
  ['they are in several', ['a\nb\n', 'c\n', 'd\n'], 3, ['b\n', 'c\n', 'd\n']],
  ['a chunk begins in a line', ['a\nb', 'c', 'd\n'], 1, ['b', 'c', 'd\n']],
  ['the last line has no end', ['a\nb\nc'], 2, ['b\nc']],
  ['lines are empty', ['a\n\n\n'], 2, ['\n\n']],
  ['the last chunks are empty', ['a\nb\n', '', ''], 1, ['b\n', '', '']],
  ['streams are mixed', ['a\n', '!x\n', 'b\n', '!y\n'], 3, ['!x\n', 'b\n', '!y\n']],
  [
    'a line of one stream spans those of the other',
    ['a\nlong ', '!x\n', '!y\n', 'line\n'],
    2,
    ['long ', '!y\n', 'line\n'],
  ],
  ['a stream has no requested line', ['!x\n', 'a\nb\n', '!', 'c\n'], 2, ['b\n', 'c\n']],
])('the last lines are found when %s', async (_, texts, lines, expected) => {
  if (texts.length > 0) await push(...texts);
  expect(await tail(lines)).toEqual(expected);
});

it('the last lines are those of all attempts, or of one', async () => {
  await push('a\nb\n');
  await fixture.fail(job, true);
  job = await fixture.claimed();
  await push('c\n');
  expect(await tail(2)).toEqual(['b\n', 'c\n']);
  expect(await tail(2, { attempt: 1 })).toEqual(['c\n']);
  expect(await tail(1, { attempt: 0 })).toEqual(['b\n']);
});

it('a follower begins with the last lines and gets new ones; one that resumes gets everything that it missed', async () => {
  await push('a\nb\nc\n');
  const query = { id: job.runId, jobKey: 'a', attempt: null, limit: null, after: '', tail: 1 };
  const follower = fixture.engine.followJobLogs(query, new AbortController().signal)[Symbol.asyncIterator]();
  const first = await follower.next();
  expect(first.value?.chunks.map(({ data }: { data: string }) => data)).toEqual(['c\n']);
  await push('a\nb\nc\n', 'd\n');
  const second = await follower.next();
  expect(second.value?.chunks.map(({ data }: { data: string }) => data)).toEqual(['d\n']);
  await follower.return?.();
  expect(await tail(1, { after: first.value?.position })).toEqual(['d\n']);
});

it('of lines that exceed the search limit, the end is returned', async () => {
  const data = 'x'.repeat(4 * 1024 * 1024);
  await push(...Array.from({ length: 6 }, () => data));
  const found = await tail(1);
  expect(found.length).toBe(4);
  expect(found.every((text) => text === data)).toBe(true);
});
