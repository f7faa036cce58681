import { request as httpRequest } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { RunGraph } from '../../src/engine/engine.js';
import { startBuild, startServer } from './start-server.js';

/** Unlike fetch, it does not decompress. */
async function rawGet(url: string, headers: Record<string, string>) {
  const { promise, resolve, reject } = Promise.withResolvers<{ headers: Record<string, unknown>; body: Buffer }>();
  httpRequest(url, { headers }, (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(parts) }));
  })
    .on('error', reject)
    .end();
  return promise;
}

const path = '/api/workflows/ci/versions/1/graph';

/** A server whose graph has this many jobs. */
async function serverWithJobs(jobs: number) {
  const server = await startServer();
  await startBuild(server);
  const graphOf = server.engine.runGraph.bind(server.engine);
  server.engine.runGraph = async (workflowId, version): Promise<RunGraph> => {
    const graph = await graphOf(workflowId, version);
    const [spec] = graph.jobs;
    if (spec === undefined) throw new Error('the graph has a job');
    const all = Array.from({ length: jobs }, (_, n) => n);
    return {
      ...graph,
      keys: all.map((n) => `a-job-whose-key-is-rather-long-${n}`),
      jobs: all.map(() => spec),
      needs: all.map(() => []),
      labelSetIndexes: all.map(() => 0),
    };
  };
  return server;
}

describe('a response on the JSON paths', () => {
  test.each([
    [110, 'of a few kilobytes'],
    [3_000, 'in pieces'],
  ])('with %i jobs, %s, is compressed for a client that accepts gzip, with the same content', async (jobs) => {
    const { url } = await serverWithJobs(jobs);
    const plain = await rawGet(url + path, {});
    const packed = await rawGet(url + path, { 'accept-encoding': 'br, gzip;q=0.5' });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.body).toString()).toBe(plain.body.toString());
    expect(packed.body.length).toBeLessThan(plain.body.length / 4);
    for (const { headers } of [plain, packed]) {
      expect(headers.vary).toContain('accept-encoding');
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
    }
    const refused = await rawGet(url + path, { 'accept-encoding': 'gzip;q=0' });
    expect(refused.headers['content-encoding']).toBeUndefined();
  });

  test('that is small is sent uncompressed', async () => {
    const { url } = await serverWithJobs(2);
    const { headers, body } = await rawGet(url + path, { 'accept-encoding': 'gzip' });
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['content-length']).toBe(String(body.length));
  });
});
