import { expect, onTestFinished, test } from 'vitest';
import {
  bool,
  claim as claimed,
  list,
  logChunk,
  nullable,
  type StrictType,
  worker,
  workflow,
} from '../support/published-types.js';
import { ServerHere } from '../support/running-server.js';

/** Calls documented paths, and checks each response against what the published crates read. */
class StrictCaller {
  readonly #url: string;
  /** The rejected fields, by call. */
  readonly refused: string[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  async call<T>(strict: StrictType | null, verb: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(this.#url + path, { method: verb, headers, ...init });
    expect([verb, path, answer.ok]).toEqual([verb, path, true]);
    const value = (await answer.json()) as T;
    if (strict !== null) this.refused.push(...strict.check(value, `${verb} ${path}: ${strict.name}`));
    return value;
  }

  async claim(waitSecs = 0): Promise<{ id: string; lease: string } | null> {
    const body = { worker_id: 'w', labels: ['linux'], lease_ttl_secs: 30, wait_secs: waitSecs };
    const got = await this.call<{ job: { job_id: string }; lease: { lease_id: string } } | null>(
      nullable(claimed),
      'POST',
      '/api/jobs/claim',
      body,
    );
    return got === null ? null : { id: got.job.job_id, lease: got.lease.lease_id };
  }

  async must(): Promise<{ id: string; lease: string }> {
    const job = await this.claim();
    if (job === null) throw new Error('no job is claimable');
    return job;
  }

  /** Every path that reads workflows. */
  async look(id: string): Promise<void> {
    await this.call(list(workflow), 'GET', '/api/workflows');
    await this.call(workflow, 'GET', `/api/workflows/${id}/status`);
  }

  async logs(id: string, job: string): Promise<void> {
    await this.call(list(logChunk), 'GET', `/api/workflows/${id}/jobs/${job}/logs`);
    await this.call(bool, 'GET', `/api/jobs/${id}/${job}/cancelled`);
  }

  post(lease: string, what: string, body: object): Promise<unknown> {
    return this.call(null, 'POST', `/api/jobs/${lease}/${what}`, body);
  }
}

const definition = {
  name: 'all states',
  trigger: 'on: push',
  jobs: [
    { id: 'a', command: 'x', metadata: { icon: 'hammer', size: 1.5, nested: { deep: [null] } }, priority: 9 },
    { id: 'b', command: 'x', depends_on: ['a'], required_labels: ['linux'] },
    { id: 'c', command: 'x', retry_policy: { max_retries: 1, backoff: { Fixed: { delay_secs: 1 } } } },
    { id: 'd', command: 'x', depends_on: ['c'] },
    {
      id: 'e',
      command: 'x',
      depends_on: ['b'],
      retry_policy: { max_retries: 3, backoff: { Exponential: { base_secs: 2, max_secs: 60, jitter: true } } },
    },
  ],
};

test('every response of the documented paths is readable by the published crates', async () => {
  const here = await new ServerHere().start();
  onTestFinished(() => here.end());
  const caller = new StrictCaller(here.url);

  await caller.call(null, 'POST', '/api/workers/register', { worker_id: 'w', labels: ['linux'] });
  await caller.call(list(worker), 'GET', '/api/workers');
  expect(await caller.claim()).toBeNull();

  const { id } = await caller.call<{ id: string }>(workflow, 'POST', '/api/workflows', definition);
  await caller.look(id); // It has not run.
  await caller.logs(id, 'a');
  const { run_id: run } = await caller.call<{ run_id: string }>(null, 'POST', `/api/workflows/${id}/run`, {});
  await caller.look(run);

  const a = await caller.must();
  await caller.call(list(worker), 'GET', '/api/workers'); // It is busy.
  const chunk = { workflow_id: run, job_id: 'a', sequence: 0, data: 'out\n', timestamp_ms: -5, stream: 'stdout' };
  await caller.post(a.lease, 'logs', { chunks: [chunk, { ...chunk, sequence: 1, stream: 'stderr' }] });
  await caller.look(run);
  await caller.logs(run, 'a');
  await caller.post(a.lease, 'complete', { outputs: { k: 'v' } });

  // c fails and is delayed, then fails for good; d is skipped.
  const first = await caller.must();
  expect(first.id).toBe('c');
  await caller.post(first.lease, 'fail', { error: 'again', retryable: true });
  await caller.look(run);
  const b = await caller.must(); // With upstream outputs.
  expect(b.id).toBe('b');
  await caller.post(b.lease, 'complete', {});
  expect((await caller.must()).id).toBe('e'); // With an exponential backoff.
  const again = await caller.claim(60); // After its delay.
  expect(again?.id).toBe('c');
  await caller.post(again?.lease ?? '', 'fail', { error: 'for good', retryable: false });
  await caller.look(run);

  await caller.call(null, 'POST', `/api/workflows/${run}/cancel`, {});
  await caller.look(run);
  await caller.logs(run, 'e');
  await caller.call(list(workflow), 'GET', '/api/workflows?status=skipped&limit=100000');
  const shown = await caller.call<{ jobs: { id: string; status: string }[] }>(
    workflow,
    'GET',
    `/api/workflows/${run}/status`,
  );
  expect(Object.fromEntries(shown.jobs.map((job) => [job.id, job.status]))).toEqual({
    a: 'success',
    b: 'success',
    c: 'failure',
    d: 'skipped',
    e: 'cancelled',
  });

  const events = await (await fetch(`${here.url}/api/workflows/${run}/jobs/a/logs/stream`)).text();
  const chunks = [...events.matchAll(/^event: log\nid: .*\ndata: (.*)$/gm)].map(([, data = '']) => JSON.parse(data));
  expect(chunks).toHaveLength(2);
  caller.refused.push(...list(logChunk).check(chunks, 'the log stream'));
  expect(caller.refused).toEqual([]);
});

test('the table rejects what the crates reject', () => {
  const refusals = (strict: StrictType, value: unknown) => strict.check(value, '').length;
  const good = { id: 'a', name: 'a', trigger: '', jobs: [] };
  expect(refusals(workflow, good)).toBe(0);
  expect(refusals(workflow, { ...good, trigger: null })).toBe(1);
  const job = { id: 'a', name: 'a', status: 'queued', command: 'x', depends_on: [], output: null, duration_secs: null };
  const withJob = (more: object) => refusals(workflow, { ...good, jobs: [{ ...job, ...more }] });
  expect([withJob({}), withJob({ metadata: {} }), withJob({ duration_secs: 3 })]).toEqual([0, 0, 0]);
  expect([withJob({ metadata: null }), withJob({ duration_secs: 0.5 }), withJob({ status: 'waiting' })]).toEqual([
    1, 1, 1,
  ]);
  expect([withJob({ attempt: -1 }), withJob({ attempt: null }), withJob({ children: null })]).toEqual([1, 1, 0]);
});
