import { expect, test } from 'vitest';
import { type Held, type Life, lifeOverJson, lifeOverRpc } from '../support/lives.js';
import { startServerProcess } from '../support/server-process.js';
import { Refused, speakers } from '../support/speakers.js';
import { until } from '../support/until.js';

const definition = `
name: Release
on: [push, manual]
env: { CI: "true" }
jobs:
  build:
    name: Build it
    run: make
    labels: [linux, docker]
    metadata: { team: core, size: [1, 2.5, null] }
  unit: { needs: build, run: test, retries: 2, backoff: { fixed: 0 }, timeout: 5m }
  lint: { needs: [build], steps: [{ run: lint, env: { A: b } }, { name: More, id: more, run: more }], priority: 7 }
  docs: { needs: build, if: "inputs.docs == 'yes'", run: docs, retries: 1, backoff: { exponential: { base: 1, max: 8 } } }
  publish: { needs: [unit, lint], run: publish }
  tell: { needs: [publish], if: failure(), run: tell }
`;

/** The same sequence of calls over any protocol; returns the responses in order. */
async function live(life: Life): Promise<unknown[]> {
  const said: unknown[] = [];
  const say = async (what: string, answer: Promise<unknown>) => {
    said.push([what, await answer.catch((error: unknown) => refusal(error))]);
  };
  const claim = async (labels: string[]): Promise<Held> => {
    const held = await claimed(life, 'w1', labels);
    said.push(['claim', held.shown]);
    return held;
  };

  await life.register('w1', ['linux']);
  await life.register('w1', ['linux', 'docker']);
  const { id, shown } = await life.define(definition);
  said.push(['defined', shown]);
  await say('broken', life.define('jobs:\n  a: { run: x, needs: b }\n  c: {}\n'));
  const run = await life.run(id, { docs: 'yes', who: 'é\u{1f680}' });
  await say('not for these labels', life.claim('w1', ['linux']));

  const build = await claim(['docker', 'linux']);
  await say('workers', life.workers());
  await say('heartbeat', life.heartbeat(build.leaseId));
  await say(
    'logs',
    life.log(build.leaseId, [
      ['stdout', '::set-output version=1.2\n'],
      ['stderr', 'warn é\n'],
    ]),
  );
  await say('logs again', life.log(build.leaseId, [['stdout', '::set-output version=1.2\n']]));
  await say('complete', life.complete(build.leaseId, { url: 's3://x' }));
  await say('complete again', life.complete(build.leaseId, { url: 's3://x' }));
  await say('another end', life.fail(build.leaseId, 'x', true));
  await say('status', life.status(run));

  const lint = await claim([]);
  await say('fail for good', life.fail(lint.leaseId, 'bad style', false));
  const unit = await claim([]);
  await say('fail', life.fail(unit.leaseId, 'flaky', true));
  const docs = await claim([]);
  const again = await claim([]);
  await say('complete the retry', life.complete(again.leaseId, {}));
  await say('late', life.heartbeat(unit.leaseId));
  await say('is it cancelled', life.cancelled(run, 'docs'));
  await life.cancel(run);
  await say('is it cancelled', life.cancelled(run, 'docs'));
  await say('heartbeat of a cancelled job', life.heartbeat(docs.leaseId));
  await say('complete of a cancelled job', life.complete(docs.leaseId, {}));
  await say('unknown lease', life.complete('nothing', {}));
  await say('unknown run', life.status('nothing'));
  await say('nothing left', life.claim('w1', ['linux', 'docker']));
  await say('status', life.status(run));
  await say('logs', life.logs(run, 'build'));
  return withoutChance(said, [
    [id, 'WORKFLOW'],
    [run, 'RUN'],
    ...[build, lint, unit, docs, again].map(({ leaseId }, i) => [leaseId, `LEASE ${i}`] as const),
  ]);
}

/** Claims a job and fails if none arrives. One of several servers may learn a moment later that there is one. */
function claimed(life: Life, worker: string, labels: string[]): Promise<Held> {
  return until(`worker ${worker} gets a job`, () => life.claim(worker, labels));
}

function refusal(error: unknown): unknown {
  if (!(error instanceof Refused)) throw error;
  const { message, reason, problems } = error;
  return { refused: message, reason, problems };
}

/** Ids and times differ between the sequences; their presence does not. */
function withoutChance(said: unknown[], names: readonly (readonly [string, string])[]): unknown[] {
  const text = JSON.stringify(said, (key, value) => {
    const isTime = /_ms$|^started_at$|^ended_at$|^duration_secs$/.test(key) && key !== 'timestamp_ms';
    return isTime && typeof value === 'number' ? 'SOME TIME' : value;
  });
  return JSON.parse(names.reduce((rest, [id, name]) => rest.replaceAll(id, name), text));
}

test('the same calls over JSON, Connect, gRPC and gRPC-Web get equal responses', async () => {
  const server = await startServerProcess();
  const expected = await live(lifeOverJson(server.url));
  // The responses are correct, not only equal.
  expect(expected).toEqual(
    expect.arrayContaining([
      ['not for these labels', null],
      ['another end', expect.objectContaining({ reason: 'completed' })],
      ['complete of a cancelled job', expect.objectContaining({ reason: 'cancelled' })],
      ['unknown lease', expect.objectContaining({ reason: 'unknown_lease' })],
      ['is it cancelled', false],
      ['is it cancelled', true],
      ['nothing left', null],
    ]),
  );
  const [, broken] = expected.find((one) => (one as unknown[])[0] === 'broken') as [string, { problems: string[] }];
  expect(broken.problems).toHaveLength(2);
  for (const [name, speaker] of Object.entries(speakers(server.url))) {
    expect(await live(lifeOverRpc(speaker)), name).toEqual(expected);
  }
});

test('one protocol can finish what another began', async () => {
  const server = await startServerProcess();
  const lives = [lifeOverJson(server.url), ...Object.values(speakers(server.url)).map(lifeOverRpc)];
  const [first] = lives;
  if (first === undefined) throw new Error('no protocol');
  const jobs = lives.map((_, i) => `  j${i}: { run: x${i === 0 ? '' : `, needs: j${i - 1}`} }`);
  const { id } = await first.define(`jobs:\n${jobs.join('\n')}\n`);
  await first.run(id, {});
  for (const [i, life] of lives.entries()) {
    const { leaseId } = await claimed(life, 'w', []);
    const next = lives[(i + 1) % lives.length] ?? life;
    await next.complete(leaseId, { by: String(i) });
  }
  const statuses = await Promise.all(lives.map((life) => life.status(id)));
  for (const status of statuses) expect(status).toEqual(statuses[0]);
  expect(statuses[0]).toMatchObject({ state: 'success' });
});
