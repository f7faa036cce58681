import { expect, inject, it } from 'vitest';
import { shortLease } from '../support/machine.js';
import { createTestDatabase, queryOnce } from '../support/postgres/test-database.js';
import { startServerProcess } from '../support/server-process.js';

const ttlSecs = shortLease(2);

it('a server that was frozen for three lease times and resumes writes nothing stale', async () => {
  const database = await createTestDatabase(inject('postgresUrl'));
  const env = { DATABASE_URL: database.url, REAP_INTERVAL_SECS: '0.5' };
  const [frozen, healthy] = [await startServerProcess({ env }), await startServerProcess({ env })];
  const post = (url: string, path: string, body: unknown = {}) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const json = async <T>(answer: Promise<Response>) => (await (await answer).json()) as T;
  type Claim = { readonly job: { job_id: string }; readonly lease: { lease_id: string } } | null;

  const jobs = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`j${at}`, { run: 'x', retries: 3 }]));
  const { id } = await json<{ id: string }>(post(frozen.url, '/api/workflows', { name: 'w', jobs }));
  const { run_id: run } = await json<{ run_id: string }>(post(frozen.url, `/api/workflows/${id}/run`));
  const leases: string[] = [];
  for (let at = 0; at < 20; at++) {
    const claim = await json<Claim>(
      post(frozen.url, '/api/jobs/claim', { worker_id: 'w', labels: [], lease_ttl_secs: ttlSecs }),
    );
    leases.push(claim?.lease.lease_id ?? '');
  }

  // Reports are in flight when it freezes: some may be in the middle of a transaction.
  const reports = leases.map((lease) => post(frozen.url, `/api/jobs/${lease}/complete`, { outputs: { by: 'stale' } }));
  const answers = Promise.all(reports.map(async (report) => (await report).status));
  frozen.program.signal('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 3 * ttlSecs * 1000 + 500));

  // Other servers are not blocked for long.
  const again: { job: string; lease: string }[] = [];
  for (;;) {
    const claim = await json<Claim>(
      post(healthy.url, '/api/jobs/claim', { worker_id: 'v', labels: [], lease_ttl_secs: 60, wait_secs: 3 }),
    );
    if (claim === null) break;
    again.push({ job: claim.job.job_id, lease: claim.lease.lease_id });
  }
  for (const { lease } of again) await post(healthy.url, `/api/jobs/${lease}/complete`, { outputs: { by: 'new' } });

  frozen.program.signal('SIGCONT');
  const statuses = await answers;
  const rows = await queryOnce<{ key: string; outputs: string; state: string; number: number }>(
    database.url,
    `select v.key, j.outputs, j.state, j.attempt::int as number from jobs j join runs n on n.no = j.id / 1048576
     join version_jobs v on v.version = n.version and v.ord = j.id % 1048576 where n.id = $1 order by v.ord`,
    [run],
  );
  expect(rows.map(({ state }) => state)).toEqual(rows.map(() => 'success'));
  const retaken = new Set(again.map(({ job }) => job));
  rows.forEach(({ key, outputs }, at) => {
    // Accepted before the freeze, or run again by another worker: never both, and the response says which.
    expect(JSON.parse(outputs)).toEqual({ by: retaken.has(key) ? 'new' : 'stale' });
    expect(statuses[at]).toBe(retaken.has(key) ? 409 : 200);
  });
  await frozen.stop();
  await healthy.stop();
  await database.drop();
});
