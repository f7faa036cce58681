import { parseArgs } from 'node:util';
import { hunt, timesFound } from './plant.js';
import { plantedBugs } from './table.js';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '300' }, only: { type: 'string' } } });

let missed = 0;
for (const bug of plantedBugs) {
  if (values.only !== undefined && !bug.name.includes(values.only)) continue;
  if (timesFound(bug) !== 1) {
    missed += 1;
    process.stdout.write(`OUT OF DATE  ${bug.name}: its text stands ${timesFound(bug)} times in ${bug.file}\n`);
    continue;
  }
  const { seed, violation } = await hunt(bug, Number(values.seeds));
  if (seed === null) missed += 1;
  const where = seed === null ? 'MISSED   ' : `seed ${String(seed).padStart(4)}`;
  process.stdout.write(`${where}  ${bug.name}\n           ${violation.split('\n')[0]?.slice(0, 140)}\n`);
}
process.stdout.write(missed === 0 ? 'every planted bug was found\n' : `${missed} planted bugs were not found\n`);
process.exitCode = missed === 0 ? 0 : 1;
