import { expect, test, vi } from 'vitest';
import { startProgram } from '../support/program.js';
import { type ServerProcess, startServerProcess } from '../support/server-process.js';

vi.setConfig({ testTimeout: 120_000 });

async function at(server: ServerProcess, ...args: string[]) {
  const program = startProgram(args, { env: { SERVER_URL: server.url } });
  const { code } = await program.ended;
  return { code, out: program.stdout, err: program.stderr };
}

async function post(server: ServerProcess, path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${server.url}/api${path}`, { method: 'POST', body: JSON.stringify(body) });
  expect(answer.ok, path).toBe(true);
  return answer.json();
}

/** Claims the next job and reports on it. */
async function report(server: ServerProcess, how: 'complete' | 'fail', body: unknown): Promise<void> {
  const claim = (await post(server, '/jobs/claim', { worker_id: 'w', labels: [] })) as { lease: { lease_id: string } };
  await post(server, `/jobs/${claim.lease.lease_id}/${how}`, body);
}

test('why truncates a long error, and names the command that prints all of it', async () => {
  const server = await startServerProcess();
  const jobs = [{ id: 'long', command: 'x', max_retries: 1 }];
  const { id } = (await post(server, '/workflows', { name: 'Long', jobs })) as { id: string };
  await post(server, `/workflows/${id}/run`, {});
  await report(server, 'fail', { error: `first\n${'e'.repeat(2_000)}\nlast`, retryable: true });
  await report(server, 'complete', { outputs: { version: '1.2.3', notes: 'two\nlines' } });

  const why = await at(server, 'why', id, 'long');
  expect(why.out).toContain('The error text of attempt 0 is cut: --attempt 0 prints all of it.');
  expect(why.out).not.toContain('last');
  const whole = await at(server, 'why', id, 'long', '--attempt', '0');
  expect(whole).toMatchObject({ code: 0, out: `first\n${'e'.repeat(2_000)}\nlast\n` });
  expect((await at(server, 'why', id, 'long', '--attempt', '1')).out).toBe('This attempt has no error.\n');
  expect((await at(server, 'why', id, '--attempt', '1')).code).toBe(2);

  const result = await at(server, 'status', id, '--job', 'long');
  expect(result.out).toMatch(/^✓ long of \S+, run \S+: success\n\nversion=1\.2\.3\nnotes=two\nlines\n$/);
  const json = JSON.parse((await at(server, 'status', id, '--job', 'long', '--json')).out) as { job: object };
  expect(json.job).toMatchObject({ outputs: { version: '1.2.3' } });
  expect(await at(server, 'status', id, '--job', 'nowhere')).toMatchObject({ code: 5 });
});

test('status names the jobs that are too large for its list, and shows each individually', async () => {
  const server = await startServerProcess();
  const jobs = Array.from({ length: 20 }, (_, at) => ({ id: `j${at}`, command: 'x' }));
  const { id } = (await post(server, '/workflows', { name: 'Large', jobs })) as { id: string };
  await post(server, `/workflows/${id}/run`, {});
  const outputs = Object.fromEntries(Array.from({ length: 14 }, (_, at) => [`k${at}`, 'x'.repeat(64_000)]));
  for (const _ of jobs) await report(server, 'complete', { outputs });
  const cut = [...(await at(server, 'status', id)).out.matchAll(/too large for this list: --job (\S+) shows/g)];
  expect(cut.length).toBeGreaterThan(0);
  expect(cut.length).toBeLessThan(jobs.length);
  const shown = await at(server, 'status', id, '--job', cut[0]?.[1] ?? '');
  expect(shown.out).toContain(`k13=${'x'.repeat(64_000)}\n`);
});
