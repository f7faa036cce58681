import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerHere } from '../support/running-server.js';

let here: ServerHere;

beforeEach(async () => {
  here = await new ServerHere().start();
});

afterEach(() => here.end());

/** Every sample of a text in Prometheus' exposition format, by name and labels; an invalid line fails the test. */
async function samples(): Promise<Map<string, number>> {
  const answer = await fetch(`${here.url}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toContain('text/plain');
  const found = new Map<string, number>();
  for (const line of (await answer.text()).split('\n')) {
    if (line === '' || /^# (HELP|TYPE) [a-z_:][a-z0-9_:]* /i.test(line)) continue;
    const match = /^([a-z_:][a-z0-9_:]*(?:\{[^}]*\})?) ([-+0-9.e]+|NaN|[+-]?Inf)$/i.exec(line);
    if (match === null) throw new Error(`not a sample: ${line}`);
    found.set(match[1] ?? '', Number(match[2]));
  }
  return found;
}

async function post(path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${here.url}${path}`, { method: 'POST', body: JSON.stringify(body ?? {}) });
  return answer.json();
}

describe('/metrics', () => {
  it('counts what happened', async () => {
    await here.define('jobs: { a: { run: x }, b: { run: x, labels: [gpu, big] } }');
    await post('/api/workflows/wf/run');
    const claim = (await post('/api/jobs/claim', { worker_id: 'w', labels: [] })) as { lease: { lease_id: string } };
    await post('/api/jobs/claim', { worker_id: 'w', labels: [] });
    await post(`/api/jobs/${claim.lease.lease_id}/complete`);
    await post('/api/jobs/no-such-lease/complete');
    const found = await samples();
    expect(found.get('workflow_graph_jobs_claimed_total')).toBe(1);
    expect(found.get('workflow_graph_claims_empty_total')).toBe(1);
    expect(found.get('workflow_graph_attempts_ended_total{outcome="success"}')).toBe(1);
    expect(found.get('workflow_graph_dispatch_seconds_count')).toBe(1);
    expect(found.get('workflow_graph_jobs_queued{labels="big,gpu"}')).toBe(1);
    expect(found.get('workflow_graph_jobs_queued_oldest_seconds{labels="big,gpu"}')).toBeGreaterThanOrEqual(0);
    const complete = 'method="workflowgraph.v1.JobService/CompleteJob",protocol="json"';
    expect(found.get(`workflow_graph_rpc_seconds_count{${complete},code="ok"}`)).toBe(1);
    expect(found.get(`workflow_graph_rpc_seconds_count{${complete},code="conflict"}`)).toBe(1);
    expect(found.get('workflow_graph_commit_batch_size_count')).toBeGreaterThan(0);
    expect([...found.keys()].some((name) => name.startsWith('nodejs_eventloop_lag_'))).toBe(true);
  });

  it('shows the waiting claims', async () => {
    const waiting = post('/api/jobs/claim', { worker_id: 'w', labels: [], wait_secs: 5 });
    await expect.poll(async () => (await samples()).get('workflow_graph_claims_parked')).toBe(1);
    await here.define('jobs: { a: { run: x } }');
    await post('/api/workflows/wf/run');
    await waiting;
    expect((await samples()).get('workflow_graph_claims_parked')).toBe(0);
  });
});
