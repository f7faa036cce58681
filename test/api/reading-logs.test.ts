import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { ServerHere } from '../support/running-server.js';

let here: ServerHere;
let path: string;
let run: string;

const kib = 1024;
const chunks = 100;
const text = (sequence: number) => `${sequence} `.padEnd(64 * kib - 1, 'x').concat('\n');

beforeEach(async () => {
  here = await new ServerHere().start();
  await here.define('jobs: { a: { run: x } }');
  run = await here.run('wf');
  path = `${here.url}/api/workflows/${run}/jobs/a/logs`;
  const claimed = await post('/api/jobs/claim', { worker_id: 'w', labels: [] });
  const { lease } = claimed as { lease: { lease_id: string } };
  for (let from = 0; from < chunks; from += 20) {
    await post(`/api/jobs/${lease.lease_id}/logs`, {
      chunks: Array.from({ length: 20 }, (_, at) => ({
        workflow_id: run,
        job_id: 'a',
        sequence: from + at,
        data: text(from + at),
        timestamp_ms: 1,
        stream: 'stdout',
      })),
    });
  }
});

afterEach(() => here.end());

async function post(to: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${here.url}${to}`, { method: 'POST', body: JSON.stringify(body) });
  expect(response.status).toBe(200);
  return response.json();
}

const sequencesOf = (log: readonly { sequence: number | bigint }[]) => log.map(({ sequence }) => Number(sequence));
const all = Array.from({ length: chunks }, (_, at) => at);

it('the documented path returns a whole log as one list, or the requested part', async () => {
  const response = await fetch(path);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(response.headers.get('content-length')).toBe(null);
  const log = (await response.json()) as { sequence: number; data: string; missing_bytes: null }[];
  expect(sequencesOf(log)).toEqual(all);
  expect(log.every(({ sequence, data, missing_bytes }) => data === text(sequence) && missing_bytes === null)).toBe(
    true,
  );
  const part = async (query: string) => sequencesOf((await (await fetch(`${path}?${query}`)).json()) as typeof log);
  expect(await part('limit=30')).toEqual(all.slice(0, 30));
  expect(await part('limit=30&after=0.49.stdout')).toEqual(all.slice(50, 80));
  expect(await part('tail=2')).toEqual([98, 99]);
  expect(await part('after=0.99.stdout')).toEqual([]);
  expect(await part('attempt=1')).toEqual([]);
});

it('errors have their usual responses, and HEAD reads no log', async () => {
  expect((await fetch(`${here.url}/api/workflows/${run}/jobs/missing/logs`)).status).toBe(404);
  const malformed = await fetch(`${path}?after=nonsense`);
  expect([malformed.status, ((await malformed.json()) as { code: string }).code]).toEqual([400, 'malformed']);
  const head = await fetch(path, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

it('over Connect a log comes in pages that name the next position', async () => {
  const client = createClient(LogService, createConnectTransport({ baseUrl: here.url, httpVersion: '1.1' }));
  const seen: number[] = [];
  let pages = 0;
  for (let after = ''; ; pages++) {
    const page = await client.getJobLogs({ id: run, jobId: 'a', after });
    const bytes = page.chunks.reduce((sum, { data }) => sum + data.length, 0);
    expect(bytes).toBeLessThanOrEqual(3 * 1024 * kib);
    seen.push(...sequencesOf(page.chunks));
    after = page.nextAfter;
    if (after === '') break;
  }
  expect(seen).toEqual(all);
  expect(pages).toBeGreaterThan(1);
  const limited = await client.getJobLogs({ id: run, jobId: 'a', limit: 7 });
  expect([limited.chunks.length, limited.nextAfter]).toEqual([7, '0.6.stdout']);
});
