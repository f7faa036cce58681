import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from '../support/postgres/cluster.js';
import { type ServerProcess, startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.end());

const definition = { name: 'w', jobs: { a: { run: 'x' } } };

async function readyz(server: ServerProcess): Promise<number> {
  return (await fetch(`${server.url}/readyz`)).status;
}

describe('a server whose database is unavailable', () => {
  it('answers 503 with Retry-After, is not ready and logs it; then recovers by itself', async () => {
    const server = await startServerProcess({ env: { DATABASE_URL: cluster.url } });
    const api = server.api();
    const workflow = await api.define(definition);
    expect(await readyz(server)).toBe(200);
    await cluster.halt();

    expect(await readyz(server)).toBe(503);
    const refused = await api.post(`/api/workflows/${workflow}/run`);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.body).toMatchObject({ code: 'unavailable' });
    expect(JSON.stringify(refused.body)).not.toMatch(/postgres|ECONN|127\.0\.0\.1/i);
    await server.logged(/database unavailable/);

    const waiting = api.post(`/api/workflows/${workflow}/run`);
    await cluster.resume();
    expect((await waiting).status).toBe(202);
    await until('the server is ready', async () => (await readyz(server)) === 200, { withinMs: 5_000 });
    expect(await server.logged(/database available again/)).toMatchObject({ away_ms: expect.any(Number) });
    await server.stop();
  });
});

describe('text that PostgreSQL cannot hold', () => {
  it('is refused as malformed, and affects no other caller', async () => {
    const server = await startServerProcess({ env: { DATABASE_URL: cluster.url } });
    const api = server.api();
    const register = (worker_id: string) => api.post('/api/workers/register', { worker_id, labels: [] });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) => register(at % 10 === 3 ? `bad\u0000${at}` : `good-${at}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map((_, at) => (at % 10 === 3 ? 400 : 200)));
    expect((await api.get('/api/workflows/a%00b/status')).status).toBe(400);
    expect((await api.get('/api/jobs/a%00/b%00/cancelled')).status).toBe(400);
    await server.stop();
  });
});
