import { expect, test } from 'vitest';
import type { NewLogChunk } from '../../src/engine/engine.js';
import { claimBuild, startServer } from './start-server.js';

const piece = (sequence: number, data: string, stream: 'stdout' | 'stderr' = 'stdout'): NewLogChunk => ({
  runId: '',
  jobKey: '',
  sequence,
  data,
  timestampMs: 1_700_000_000_000,
  stream,
});

/** A server with a job whose log has these chunks. */
async function startWithLog(workflow: string, ...pieces: NewLogChunk[]) {
  const server = await startServer();
  const job = await claimBuild(server, {}, workflow);
  await server.fixture.engine.pushLogs(server.fixture.caller, job.leaseId, pieces);
  return { url: server.url, engine: server.engine, path: `/api/runs/${job.runId}/jobs/build/log` };
}

test('a log is downloaded unchanged, under a file name of safe characters', async () => {
  const { url, engine } = await startWithLog(
    'a"b/c',
    piece(1, 'a\nb'),
    piece(2, '\u001b[31mred\n', 'stderr'),
    piece(3, 'c\n'),
  );
  const answer = await fetch(`${url}/api/runs/${encodeURIComponent('a"b/c')}/jobs/build/log?attempt=0`);
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="a_b_c-build-0.log"');
  expect(answer.headers.get('content-encoding')).toBe('gzip');
  expect(await answer.text()).toBe('a\nb\u001b[31mred\nc\n');
  expect(engine.calls.at(-1)).toMatchObject({ verb: 'jobLogs', args: [{ id: 'a"b/c', jobKey: 'build', attempt: 0 }] });
});

test('each line begins with its time if requested', async () => {
  const { url, path } = await startWithLog('ci', piece(1, 'a\n\nb'), piece(2, 'c\nd'));
  const answer = await fetch(`${url}${path}?timestamps=true`, { headers: { 'accept-encoding': 'identity' } });
  expect(answer.headers.get('content-encoding')).toBeNull();
  const time = '2023-11-14T22:13:20.000Z';
  expect(await answer.text()).toBe(`${time} a\n${time} \n${time} bc\n${time} d`);
});

test.each([
  ['/api/runs/ci/jobs/missing/log', 404, 'missing'],
  ['/api/runs/ci/jobs/build/log?attempt=first', 400, 'attempt: must be a number'],
  ['/api/runs/ci/jobs/build/log?timestamps=yes', 400, 'timestamps: must be true or false'],
  [`/api/runs/${'x'.repeat(201)}/jobs/build/log`, 400, 'at most 200 characters'],
])('%s is refused with %i', async (asked, status, message) => {
  const { url } = await startWithLog('ci');
  const answer = await fetch(`${url}${asked}`);
  expect(answer.status).toBe(status);
  expect(await answer.text()).toContain(message);
});
