import type { OneServer } from '../support/one-server.js';
import { pause } from './calls.js';
import { type Crew, crewLeaseSecs } from './crew.js';
import { isOld, makeOld } from './old-database.js';
import type { Random } from './random.js';

interface Scene {
  readonly server: OneServer;
  readonly crew: Crew;
  readonly random: Random;
}

/** The faults of a round; the server serves again after each. */
export const blows = {
  async 'the server is killed'({ server }: Scene) {
    await server.kill();
    await server.start();
  },
  async 'the server is killed, and again while it starts'({ server, random }: Scene) {
    await server.kill();
    for (let starts = random.within(1, 2); starts > 0; starts--) {
      const program = server.launch();
      await Promise.race([pause(random.within(50, 700)), program.ended]);
      await server.kill();
    }
    await server.start();
  },
  async 'the server is killed while it stops'({ server, random }: Scene) {
    server.program.signal('SIGTERM');
    await pause(random.within(0, 60));
    await server.kill();
    await server.start();
  },
  async 'the server stops and is killed while it migrates an old database'({ server, random }: Scene) {
    await server.stop();
    await makeOld(server.databaseFile);
    // Loading the program takes most of a start; the migration comes at its end.
    for (let tries = 0; tries < 3 && isOld(server.databaseFile); tries++) {
      const program = server.launch();
      await Promise.race([pause(random.within(200, 600)), program.ended]);
      await server.kill();
    }
    await server.start();
  },
  async 'the server is frozen for less than a lease'({ server, random }: Scene) {
    server.program.signal('SIGSTOP');
    await pause(random.within(100, 800));
    server.program.signal('SIGCONT');
  },
  async 'the server is frozen for longer than a lease'({ server, random }: Scene) {
    server.program.signal('SIGSTOP');
    await pause(crewLeaseSecs * 1000 + random.within(100, 600));
    server.program.signal('SIGCONT');
  },
  async 'the server is frozen and then killed'({ server, random }: Scene) {
    server.program.signal('SIGSTOP');
    await pause(random.within(50, 500));
    await server.kill();
    await server.start();
  },
  async 'the server is frozen while it starts'({ server, random }: Scene) {
    await server.kill();
    server.launch();
    await freezeAfter(server, random.within(50, 700), random);
    await server.serving();
  },
  async 'the server is frozen while it stops'({ server, random }: Scene) {
    server.program.signal('SIGTERM');
    await freezeAfter(server, random.within(0, 60), random);
    await server.program.ended;
    await server.start();
  },
  async 'the server stops and is frozen while it migrates an old database'({ server, random }: Scene) {
    await server.stop();
    await makeOld(server.databaseFile);
    server.launch();
    await freezeAfter(server, random.within(200, 600), random);
    await server.serving();
  },
  async 'workers are killed'({ crew, random }: Scene) {
    await crew.kill(random);
  },
  async 'workers are frozen for less than a lease'({ crew, random }: Scene) {
    const goOn = crew.freeze(random);
    await pause(random.within(100, 1_000));
    goOn();
  },
  async 'workers are frozen for longer than a lease'({ crew, random }: Scene) {
    const goOn = crew.freeze(random);
    await pause(crewLeaseSecs * 1000 + random.within(100, 600));
    goOn();
  },
  async 'workers and the server are killed together'({ server, crew, random }: Scene) {
    await Promise.all([server.kill(), crew.kill(random)]);
    await server.start();
  },
} satisfies Readonly<Record<string, (scene: Scene) => Promise<void>>>;

async function freezeAfter(server: OneServer, ms: number, random: Random): Promise<void> {
  await pause(ms);
  server.program.signal('SIGSTOP');
  await pause(random.within(50, 500));
  server.program.signal('SIGCONT');
}

export type Blow = keyof typeof blows;

/** How often each fault comes in a deck of rounds. */
const deck = Object.entries({
  'the server is killed': 4,
  'the server is killed, and again while it starts': 1,
  'the server is killed while it stops': 2,
  'the server stops and is killed while it migrates an old database': 1,
  'the server is frozen for less than a lease': 1,
  'the server is frozen for longer than a lease': 1,
  'the server is frozen and then killed': 1,
  'the server is frozen while it starts': 1,
  'the server is frozen while it stops': 1,
  'the server stops and is frozen while it migrates an old database': 1,
  'workers are killed': 1,
  'workers are frozen for less than a lease': 1,
  'workers are frozen for longer than a lease': 1,
  'workers and the server are killed together': 1,
} satisfies Readonly<Record<Blow, number>>).flatMap(([blow, times]) => Array<Blow>(times).fill(blow as Blow));

/** The faults of this many rounds: shuffled decks, so that every kind comes early and often. */
export function dealBlows(rounds: number, random: Random): Blow[] {
  const dealt: Blow[] = [];
  while (dealt.length < rounds) {
    const left = [...deck];
    while (left.length > 0) dealt.push(...left.splice(random.within(0, left.length - 1), 1));
  }
  return dealt.slice(0, rounds);
}
