import { expect, test } from 'vitest';
import { startServerProcess } from '../support/server-process.js';
import { until } from '../support/until.js';
import { Journal } from './journal.js';
import { cancelSome, countOpenRuns, definitions, type Load, submit, work } from './load.js';
import { Random } from './random.js';
import { compare } from './verdict.js';

const rounds = Number(process.env.CRASH_ROUNDS ?? 10);
const seed = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000_000);

test(`what the server acknowledged is there after ${rounds} kills at random moments under load, and nothing counts twice`, {
  timeout: 60_000 + rounds * 10_000,
}, async () => {
  console.log(`CRASH_SEED=${seed} repeats the moments of the kills`);
  const random = new Random(seed);
  const server = await startServerProcess();
  const api = server.api();
  const workflows = await Promise.all(Object.entries(definitions).map(([name, jobs]) => api.define({ name, jobs })));
  const load: Load = { api, journal: new Journal(), submitting: true, openRuns: 0, working: true };
  const clients = [
    ...Array.from({ length: 3 }, () => submit(load, workflows, random.fork())),
    cancelSome(load, random.fork()),
    countOpenRuns(load),
  ];
  const workers = Array.from({ length: 8 }, (_, i) => work(load, `w${i}`, random.fork()));

  for (let round = 1; round <= rounds; round++) {
    const afterMs = random.within(50, 900);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    expect(await server.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    await server.start();
    console.log(`kill ${round} after ${afterMs} ms: ${load.journal.counts()}`);
  }

  load.submitting = false;
  await Promise.all(clients);
  await until('all runs have ended', async () => {
    const open = await Promise.all(['queued', 'running'].map((state) => api.get(`/api/runs?limit=1&state=${state}`)));
    return open.every(({ body }) => (body as { runs: unknown[] }).runs.length === 0);
  });
  load.working = false;
  await Promise.all(workers);
  await server.kill();

  console.log(`at the end: ${load.journal.counts()}`);
  const contradictions = compare(server.databaseFile, load.journal);
  expect(contradictions.slice(0, 20), `${contradictions.length} contradictions, CRASH_SEED=${seed}`).toEqual([]);
  expect(load.journal.claims.length, 'enough happened to prove something').toBeGreaterThan(rounds * 10);
});
