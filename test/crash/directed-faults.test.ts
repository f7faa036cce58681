import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scaled } from '../support/machine.js';
import { type OneServer, oneServer } from '../support/one-server.js';
import { type Ended, runProgram } from '../support/program.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { readFacts } from './facts.js';
import { makeOld } from './old-database.js';
import { Random } from './random.js';
import { SmallLoad } from './small-load.js';
import { type Fault, needStrace, underCount, underFault } from './strace.js';
import { judge } from './verdict.js';

/** The number of faults of each sweep; `all` means every write and sync, `1-60` the first 60. */
const points = process.env.CRASH_POINTS ?? '1';
const seed = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000_000);

/** The state in which a server starts under the fault. If a server ran before, its load continues. */
const scenes: readonly (readonly [string, (server: OneServer, random: Random) => Promise<SmallLoad | null>])[] = [
  ['a new database', async () => null],
  [
    'the database of a server that was killed',
    async (server, random) => {
      const load = await begin(server, random);
      await server.kill();
      return load;
    },
  ],
  [
    'a database of the first release',
    async (server, random) => {
      const load = await begin(server, random);
      await server.stop();
      await makeOld(server.databaseFile);
      return load;
    },
  ],
];

const faults: readonly (readonly [string, Omit<Fault, 'when'>])[] = [
  ['is killed at a write', { call: 'pwrite64', how: 'signal=SIGKILL' }],
  ['is killed at a sync', { call: 'fsync', how: 'signal=SIGKILL' }],
  ['finds that a sync failed', { call: 'fsync', how: 'error=EIO' }],
  ['finds that a write failed', { call: 'pwrite64', how: 'error=EIO' }],
  ['finds the disk full at a write', { call: 'pwrite64', how: 'error=ENOSPC' }],
];

describe.each(scenes)('a server on %s', (scene, prepare) => {
  /** The approximate number of writes and syncs of a life; their timing depends on the load. */
  let calls: Promise<Record<Fault['call'], number>> | null = null;

  test.for(faults)(
    'that %s loses nothing that it acknowledged, and starts again',
    {
      timeout: scaled(3_600_000),
    },
    async ([what, fault], context) => {
      needStrace(context);
      const random = new Random(seedOf(`${scene} ${what}`));
      calls ??= countCalls(prepare, random.fork());
      const total = (await calls)[fault.call];
      const places = placesOf(total, random);
      let struck = 0;
      for (const when of places) {
        const { isStruck, contradictions } = await live(prepare, random.fork(), { ...fault, when });
        if (isStruck) struck++;
        expect(contradictions, `CRASH_SEED=${seed}, ${what} ${when} of ${total}`).toEqual([]);
      }
      console.log(`CRASH_SEED=${seed}: ${scene}, ${what} ${places.join(', ')} of ${total}; ${struck} struck`);
    },
  );
});

function placesOf(total: number, random: Random): number[] {
  if (/^\d+$/.test(points)) return Array.from({ length: Number(points) }, () => random.within(1, total));
  const [from = 1, to = total] = points === 'all' ? [] : points.split('-').map(Number);
  return Array.from({ length: Math.min(to, total) - from + 1 }, (_, i) => from + i);
}

/** A separate seed for each kind of fault in each scene, so that they strike at different places. */
function seedOf(what: string): number {
  return [...what].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), seed);
}

async function begin(server: OneServer, random: Random): Promise<SmallLoad> {
  await server.start();
  const load = new SmallLoad(server.api(), random);
  await load.submit(2);
  return load;
}

type Prepare = (typeof scenes)[number][1];

async function countCalls(prepare: Prepare, random: Random): Promise<Record<Fault['call'], number>> {
  const server = oneServer();
  const before = await prepare(server, random.fork());
  const file = join(temporaryFolder(), 'calls');
  server.launch(underCount(file));
  await server.serving();
  const load = before ?? new SmallLoad(server.api(), random.fork());
  await load.submit(2);
  await load.end();
  await server.stop();
  const made = readFileSync(file, 'utf8').split('\n');
  return {
    pwrite64: made.filter((line) => line.includes('pwrite64(')).length,
    fsync: made.filter((line) => /f(data)?sync\(/.test(line)).length,
  };
}

/** The life of a server with one fault, from start to stop, followed by one without a fault. */
async function live(prepare: Prepare, random: Random, fault: Fault) {
  const server = oneServer();
  const before = await prepare(server, random.fork());
  const tale = join(temporaryFolder(), 'tale');
  const struck = server.launch(underFault(fault, tale));
  const wrong: string[] = [];
  const isUp = await server.serving().then(
    () => true,
    async () => {
      wrong.push(...wrongEnd(await struck.ended, struck.stderr));
      await server.start();
      return false;
    },
  );
  const load = before ?? new SmallLoad(server.api(), random.fork());
  const done = load.submit(2).then(() => load.end());
  if (isUp) {
    const end = await Promise.race([struck.ended, done.then(() => null)]);
    if (end !== null) {
      wrong.push(...wrongEnd(end, struck.stderr));
      await server.start();
    }
  }
  await done;
  wrong.push(...wrongEnd(await server.stop(), server.program.stderr));
  await server.start();
  const last = await server.stop();
  if (last.code !== 0) wrong.push(`the server does not stop: ${JSON.stringify(last)}`);
  const doctor = await runProgram(['doctor', '--data', server.dataDir]);
  if (doctor.code !== 0) wrong.push(doctor.stdout + doctor.stderr);
  return {
    isStruck: (await struck.ended).signal === 'SIGKILL' || readFileSync(tale, 'utf8').includes('INJECTED'),
    contradictions: [...wrong, ...judge(readFacts(server.databaseFile), load.journal)],
  };
}

/** Forbidden ends of a process: a stack trace, or an exit code without a meaning. */
function wrongEnd({ code, signal }: Ended, stderr: string): string[] {
  if (signal === 'SIGKILL' || code === 0) return [];
  const isTold =
    (code === 70 && /"level":60.*the disk failed/.test(stderr)) ||
    (code === 1 && /^error: .*(disk|database|lock)/m.test(stderr));
  if (isTold && !/^ {4}at /m.test(stderr)) return [];
  return [`it exited with ${code ?? signal}, and printed: ${stderr}`];
}
