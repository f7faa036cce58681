import { expect, test } from 'vitest';
import { scaled, sized } from '../support/machine.js';
import { oneServer } from '../support/one-server.js';
import { runProgram } from '../support/program.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { pause } from './calls.js';
import { Crew } from './crew.js';
import { definitions } from './definitions.js';
import { readFacts } from './facts.js';
import { work } from './http-worker.js';
import { Journal } from './journal.js';
import { cancelSome, countOpenRuns, follow, type Load, read, submit } from './load.js';
import { Random } from './random.js';
import { type Blow, blows, dealBlows } from './rounds.js';
import { judge } from './verdict.js';

/** A deck has 18 rounds, which cover every kind of fault. */
const rounds = sized({ of: 'rounds of kills and freezes', asked: process.env.CRASH_ROUNDS, full: 30, floor: 18 });
const seed = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000_000);

test(`everything acknowledged is there after ${rounds} rounds of kills and freezes under load, and nothing counts twice`, {
  timeout: scaled(120_000 + rounds * 15_000),
}, async () => {
  console.log(`npm run crash -- --rounds ${rounds} --seed ${seed}   # repeats these rounds`);
  const random = new Random(seed);
  const dealt = dealBlows(rounds, random.fork());
  const server = oneServer();
  await server.start();
  const api = server.api();
  const workflows = await Promise.all(Object.entries(definitions).map(([name, jobs]) => api.define({ name, jobs })));
  const load: Load = { api, journal: new Journal(), submitting: true, openRuns: 0, working: true };
  const crew = new Crew(server, load.journal, temporaryFolder(), random.fork());
  const clients = [
    ...Array.from({ length: 2 }, () => submit(load, workflows, random.fork())),
    cancelSome(load, random.fork()),
    countOpenRuns(load),
  ];
  const workers = [
    ...Array.from({ length: 6 }, (_, i) => work(load, `http-${i}`, random.fork())),
    ...Array.from({ length: 2 }, () => read(load, random.fork())),
    ...Array.from({ length: 2 }, () => follow(load, random.fork())),
  ];

  const struck = new Map<Blow, number>();
  for (const [at, blow] of dealt.entries()) {
    const answers = random.within(0, 120);
    await afterAnswers(load.journal, answers);
    expect(server.program.running, `the server runs until a round ends it:\n${server.program.stderr}`).toBe(true);
    await blows[blow]({ server, crew, random: random.fork() });
    struck.set(blow, (struck.get(blow) ?? 0) + 1);
    console.log(`round ${at + 1} of ${rounds}: ${blow}; ${load.journal.counts()}`);
  }

  load.submitting = false;
  await Promise.all(clients);
  await until(
    'all runs have ended',
    async () => {
      const open = await Promise.all(['queued', 'running'].map((state) => api.get(`/api/runs?limit=1&state=${state}`)));
      return open.every(({ body }) => (body as { runs: unknown[] }).runs.length === 0);
    },
    { withinMs: 90_000 },
  );
  load.working = false;
  await Promise.all(workers);
  await crew.dismiss();
  expect(await server.stop()).toEqual({ code: 0, signal: null });

  for (const [blow, times] of struck) console.log(`${times} × ${blow}`);
  console.log(`at the end: ${load.journal.counts()}`);
  const doctor = await runProgram(['doctor', '--data', server.dataDir]);
  expect(doctor, `CRASH_SEED=${seed}, the doctor reports:\n${doctor.stdout}${doctor.stderr}`).toMatchObject({
    code: 0,
  });
  const contradictions = judge(readFacts(server.databaseFile), load.journal);
  expect(contradictions.slice(0, 20), `${contradictions.length} contradictions, CRASH_SEED=${seed}`).toEqual([]);
  expect(load.journal.grants.length, 'enough happened to prove something').toBeGreaterThan(rounds * 10);
  expect(load.journal.texts.size, 'worker processes took part').toBeGreaterThan(rounds);
});

/** How long a round waits for responses on a slow machine. */
const answersWithinMs = 2_000;

/** Lets the load run until clients have received this many more responses, so that a fault strikes during work. */
async function afterAnswers(journal: Journal, count: number): Promise<void> {
  const from = journal.answers;
  const giveUpAt = performance.now() + answersWithinMs;
  while (journal.answers < from + count && performance.now() < giveUpAt) await pause(5);
}
