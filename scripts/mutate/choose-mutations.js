import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutationsOf } from './mutations-of.js';

const rooms = ['domain', 'engine', 'api', 'store'];

/**
 * Excluded: migrations run once in the life of a database, on data of earlier versions, and unit tests run on SQLite.
 */
const leftOut = /^src\/store\/(migrations|postgres)\//;

/**
 * The same number of mutations for each room, reproducible for a seed and sources. Each has the whole text of its file
 * before and after.
 */
export function chooseMutations(root, { seed, count, only }) {
  const random = randomFrom(seed);
  const pools = rooms.map((room) => shuffled(mutationsIn(root, `src/${room}`, only), random));
  const chosen = [];
  for (let at = 0; chosen.length < count && pools.some((pool) => at < pool.length); at++) {
    for (const pool of pools) if (at < pool.length && chosen.length < count) chosen.push(pool[at]);
  }
  return chosen;
}

function mutationsIn(root, folder, only) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => `${folder}/${name}`)
    .filter((file) => file.endsWith('.ts') && file.includes(only) && !leftOut.test(file))
    .sort()
    .flatMap((file) => {
      const original = readFileSync(join(root, file), 'utf8');
      return mutationsOf(file, original).map(({ start, end, replacement, what }) => ({
        file,
        line: original.slice(0, start).split('\n').length,
        what,
        text: (original.slice(0, start).split('\n').at(-1) + original.slice(start).split('\n', 1)[0]).trim(),
        original,
        changed: original.slice(0, start) + replacement + original.slice(end),
      }));
    });
}

function shuffled(items, random) {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other], items[last]];
  }
  return items;
}

/** mulberry32 */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
