import { appendFileSync, closeSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { apiDescription } from '../support/api-description.js';
import { type OneServer, oneServer } from '../support/one-server.js';

const pageBytes = 4096;
const text = 'a line of a log that can be found again';

/**
 * A server that has run a job. Its newest changes are either in the write-ahead log of a killed server, or in the file.
 */
async function served(end: 'stop' | 'kill'): Promise<{ server: OneServer; run: string }> {
  const server = oneServer({ willBeDamaged: true });
  await server.start();
  const api = server.api();
  const run = await api.start({ name: 'damage', jobs: { a: { run: 'x' }, b: { run: 'x', needs: 'a' } } });
  const claim = await api.claimed('w');
  await api.pushLogs(claim, ...Array.from({ length: 50 }, (_, i) => `${text} ${i} ${'.'.repeat(500)}\n`));
  expect((await api.complete(claim, { k: 'v' })).status).toBe(200);
  await server[end]();
  return { server, run };
}

function overwrite(file: string, at: number, bytes: number): void {
  const opened = openSync(file, 'r+');
  writeSync(opened, Buffer.alloc(bytes, 0xa5), 0, bytes, at);
  closeSync(opened);
}

/** The offset of the page that holds the log line. */
function pageOfLog(file: string): number {
  const at = readFileSync(file).indexOf(`${text} 20`);
  expect(at).toBeGreaterThan(0);
  return at - (at % pageBytes);
}

const damages: readonly (readonly [string, 'stop' | 'kill', (file: string) => void, RegExp])[] = [
  ['with an overwritten header', 'stop', (file) => overwrite(file, 0, 100), /workflow-graph\.db: .*not a database/],
  [
    'with an overwritten page in the middle',
    'stop',
    (file) => overwrite(file, pageOfLog(file), pageBytes),
    /workflow-graph\.db is damaged: .*page/,
  ],
  ['that was truncated', 'stop', (file) => truncateSync(file, 20 * pageBytes), /workflow-graph\.db: .*malformed/],
  [
    'whose write-ahead log lost its header',
    'kill',
    (file) => overwrite(`${file}-wal`, 0, 32),
    /workflow-graph\.db-wal is damaged: its header is not what SQLite wrote/,
  ],
  [
    'whose write-ahead log was overwritten in its middle',
    'kill',
    (file) => overwrite(`${file}-wal`, 32 + 24 + 100, 100),
    /workflow-graph\.db-wal is damaged: frame 1 is not what SQLite wrote/,
  ],
];

test.for(damages)(
  'a database %s is refused at the start, with its name and a remedy',
  async ([, end, damage, words]) => {
    const { server } = await served(end);
    damage(server.databaseFile);
    const program = server.launch();
    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.stderr).toMatch(/^error: /);
    expect(program.stderr).toContain(server.databaseFile);
    expect(program.stderr).toMatch(words);
    expect(program.stderr).toContain('Restore a backup');
    expect(program.stderr).not.toMatch(/^ {4}at /m);
  },
);

test('a half-written end of the write-ahead log after a crash is ignored, and everything acknowledged is there', async () => {
  const { server, run } = await served('kill');
  appendFileSync(`${server.databaseFile}-wal`, Buffer.alloc(3 * (pageBytes + 24), 0xa5));
  await server.start();
  expect(await server.api().job(run, 'a')).toMatchObject({ status: 'success', outputs: { k: 'v' } });
  expect(await server.api().logText(run, 'a')).toContain(`${text} 49`);
});

test('if a page turns out damaged while the server runs, other pages can still be read, and a read of it reports the damage', async () => {
  const { server, run } = await served('stop');
  await server.start();
  const api = server.api();
  overwrite(server.databaseFile, pageOfLog(server.databaseFile), pageBytes);
  const answer = await api.get(`/api/workflows/${run}/jobs/a/logs`);
  expect(answer).toMatchObject({ status: 500, body: { code: 'damaged' } });
  expect((answer.body as { message: string }).message).toMatch(/workflow-graph\.db is damaged: .*Restore a backup/);
  const read = apiDescription().operations.find(({ route }) => route === '/api/workflows/{id}/jobs/{job_id}/logs');
  expect(read?.answers.get(500)?.get('application/json')?.(answer.body), 'it is described').toBe(true);
  expect(await api.job(run, 'a')).toMatchObject({ status: 'success' });
  expect((await api.get('/healthz')).status).toBe(200);
});
