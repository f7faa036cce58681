import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Hunt, hunt, plantOnLoad, timesFound } from './plant.js';
import type { PlantedBug } from './planted-bug.js';
import { plantedBugs } from './table.js';

const { values } = parseArgs({
  options: {
    /** How many seeds each bug is given. */
    seeds: { type: 'string', default: '200' },
    /** Bugs with this in their names. */
    only: { type: 'string', default: '' },
    /** Begins at seed 1 and not at the one that noticed it before, and writes down the new one. */
    anew: { type: 'string' },
  },
});

/** The seeds that noticed each bug when they were written down: tried first, since the others take long. */
const noted: Record<string, number> = values.anew === undefined ? readNoted() : {};

plantOnLoad(plantedBugs);
const found: Record<string, number> = {};
let tried = 0;
for (const bug of plantedBugs) {
  if (!bug.name.includes(values.only)) continue;
  tried += 1;
  const times = timesFound(bug);
  if (times !== 1) {
    tell('OUT OF DATE', bug, `its text stands ${times} times in ${bug.file}`);
    continue;
  }
  const result = await hunt(plantedBugs, bug, seedsFor(bug));
  if (result.seed !== null) found[bug.name] = result.seed;
  tell(result.seed === null ? 'MISSED' : `seed ${result.seed}`, bug, said(result));
}
const caught = Object.keys(found).length;
process.stdout.write(`${caught} passed, ${tried - caught} failed: planted bugs that were noticed, and not\n`);
process.exitCode = caught === tried ? 0 : 1;
if (values.anew !== undefined) writeFileSync(values.anew, `${JSON.stringify(found, null, 2)}\n`);

function seedsFor(bug: PlantedBug): number[] {
  const seeds = Array.from({ length: Number(values.seeds) }, (_, at) => at + 1);
  const known = noted[bug.name];
  return known === undefined ? seeds : [known, ...seeds];
}

function said({ seed, events, violation }: Hunt): string {
  return seed === null ? '' : `after ${events} events: ${violation.split('\n')[0]?.slice(0, 140)}`;
}

function tell(where: string, bug: PlantedBug, what: string): void {
  process.stdout.write(`${where.padEnd(11)}  ${bug.name}\n             ${what}\n`);
}

function readNoted(): Record<string, number> {
  return JSON.parse(readFileSync(new URL('../../../../../test/sim/planted/seeds.json', import.meta.url), 'utf8'));
}
