import type { Environment } from '../../src/environment/environment.js';
import { uuidV7 } from '../../src/environment/system-environment.js';
import type { Random } from '../crash/random.js';
import type { Process } from './process.js';
import type { World } from './world.js';

/** The latest that a turn of the event loop comes, and a timer after its time. */
const turnMsMax = 2;
const timerLateMsMax = 5;

/** What one life of a server sees of the world. */
export function simEnvironment(world: World, process: Process, random: Random, now: () => number): Environment {
  const randomBytes = (size: number) => Uint8Array.from({ length: size }, () => Math.floor(random.next() * 256));
  return {
    now,
    random: () => random.next(),
    randomBytes,
    newId: () => uuidV7(now(), randomBytes(10)),
    nextTurn: (callback) => void world.after(random.within(0, turnMsMax), process, 'turn', callback),
    after: (delayMs, callback) =>
      world.after(Math.max(0, delayMs) + random.within(0, timerLateMsMax), process, 'timer', callback),
  };
}
