import pino from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DoctorLoop } from '../../src/engine/loops/doctor.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { EngineFixture } from '../support/engine-fixture.js';
import { onlyIn } from '../support/open-test-store.js';

const intervalMs = 60_000;

let fixture: EngineFixture;
let lines: Record<string, unknown>[];

beforeEach(async () => {
  fixture = await new EngineFixture().start();
  lines = [];
});

afterEach(() => fixture.stop());

/** A server's doctor, with its own metrics. */
function doctor() {
  const metrics = new Metrics();
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const loop = new DoctorLoop({ ...fixture.engine.context, log }, intervalMs, metrics);
  const shown = async (name: string) =>
    Number(new RegExp(`^workflow_graph_doctor_${name} (.+)$`, 'm').exec((await metrics.read()).text)?.[1]);
  return { loop, violations: () => shown('violations'), lookedAt: () => shown('last_look_timestamp_seconds') };
}

async function damage(): Promise<void> {
  await fixture.run('jobs: { a: { run: x }, b: { run: x, needs: a } }');
  await fixture.store.transact(async (connection) => {
    await connection.query('update jobs set pending = 2 where pending = 1', []);
  });
}

const looked = () => lines.filter(({ msg }) => msg === 'database integrity check finished').length;

it('reports damage in the metric, and in the log by check and rows', async () => {
  const { loop, violations, lookedAt } = doctor();
  await loop.runOnce();
  expect([await violations(), await lookedAt()]).toEqual([0, fixture.environment.now() / 1000]);
  await damage();
  await fixture.environment.advance(intervalMs);
  await loop.runOnce();
  expect(await violations()).toBe(1);
  expect(lines.filter(({ level }) => level === 50)).toMatchObject([
    { check: 'open-needs-counted', rows: ['run 1, job 1 counts 2'], msg: 'database invariant violated' },
  ]);
});

it('checks at its interval until it is stopped', async () => {
  const { loop } = doctor();
  loop.start();
  await fixture.environment.advance(intervalMs * 1.1);
  expect(looked()).toBe(1);
  await fixture.environment.advance(intervalMs * 1.1);
  expect(looked()).toBe(2);
  await loop.stop();
  await fixture.environment.advance(intervalMs * 10);
  expect(looked()).toBe(2);
});

it('continues after a failed check', async () => {
  const { loop, violations } = doctor();
  const { openReader } = fixture.store;
  let isAway = true;
  fixture.store.openReader = async () => {
    if (isAway) throw new Error('the database is away');
    return openReader.call(fixture.store);
  };
  await loop.runOnce();
  expect(lines).toMatchObject([{ level: 40, msg: expect.stringContaining('could not read the database') }]);
  isAway = false;
  await damage();
  await fixture.environment.advance(intervalMs);
  await loop.runOnce();
  expect(await violations()).toBe(1);
});

onlyIn('postgres')('of several servers checks once in an interval, and every server shows the result', async () => {
  await damage();
  const servers = [doctor(), doctor(), doctor()];
  await Promise.all(servers.map(({ loop }) => loop.runOnce()));
  expect(looked()).toBe(1);
  // Servers that arrived during the check learn the result the next time.
  await fixture.environment.advance(intervalMs / 2);
  for (const { loop } of servers) await loop.runOnce();
  expect(looked()).toBe(1);
  expect(await Promise.all(servers.map(({ violations }) => violations()))).toEqual([1, 1, 1]);
  await fixture.environment.advance(intervalMs);
  for (const { loop } of servers) await loop.runOnce();
  expect(looked()).toBe(2);
});
