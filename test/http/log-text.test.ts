import { expect, test } from 'vitest';
import { startServer } from './start-server.js';

const path = '/api/runs/run-1/jobs/build/log';
const piece = (sequence: number, data: string, stream: 'stdout' | 'stderr' = 'stdout') =>
  ({ attempt: 0, sequence, data, timestampMs: 1_700_000_000_000, stream }) as const;

test('a log is downloaded as it came, under a name of safe characters', async () => {
  const { url, engine } = await startServer();
  engine.append(piece(1, 'a\nb'));
  engine.append(piece(2, '\u001b[31mred\n', 'stderr'));
  engine.append(piece(3, 'c\n'));
  const answer = await fetch(`${url}/api/runs/${encodeURIComponent('a"b/c')}/jobs/build/log?attempt=0`);
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="a_b_c-build-0.log"');
  expect(answer.headers.get('content-encoding')).toBe('gzip');
  expect(await answer.text()).toBe('a\nb\u001b[31mred\nc\n');
  expect(engine.calls.at(-1)).toMatchObject({ verb: 'jobLogs', input: { id: 'a"b/c', jobKey: 'build', attempt: 0 } });
});

test('each line begins with its time where that is asked for', async () => {
  const { url, engine } = await startServer();
  engine.append(piece(1, 'a\n\nb'));
  engine.append(piece(2, 'c\nd'));
  const answer = await fetch(`${url}${path}?timestamps=true`, { headers: { 'accept-encoding': 'identity' } });
  expect(answer.headers.get('content-encoding')).toBeNull();
  const time = '2023-11-14T22:13:20.000Z';
  expect(await answer.text()).toBe(`${time} a\n${time} \n${time} bc\n${time} d`);
});

test.each([
  ['/api/runs/run-1/jobs/missing/log', 404, 'missing'],
  [`${path}?attempt=first`, 400, 'attempt: must be a number'],
  [`${path}?timestamps=yes`, 400, 'timestamps: must be true or false'],
  [`/api/runs/${'x'.repeat(201)}/jobs/build/log`, 400, 'at most 200 characters'],
])('%s is refused with %i', async (asked, status, message) => {
  const { url } = await startServer();
  const answer = await fetch(`${url}${asked}`);
  expect(answer.status).toBe(status);
  expect(await answer.text()).toContain(message);
});
