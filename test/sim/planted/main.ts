import { parseArgs } from 'node:util';
import { hunt, plantOnLoad, timesFound } from './plant.js';
import { plantedBugs } from './table.js';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '200' }, only: { type: 'string' } } });

plantOnLoad(plantedBugs);
let missed = 0;
for (const bug of plantedBugs) {
  if (values.only !== undefined && !bug.name.includes(values.only)) continue;
  const times = timesFound(bug);
  if (times !== 1) {
    missed += 1;
    process.stdout.write(`OUT OF DATE  ${bug.name}: its text stands ${times} times in ${bug.file}\n`);
    continue;
  }
  const startedAt = process.cpuUsage();
  const { seed, events, violation } = await hunt(
    plantedBugs,
    bug,
    Array.from({ length: Number(values.seeds) }, (_, at) => at + 1),
  );
  const { user, system } = process.cpuUsage(startedAt);
  if (seed === null) missed += 1;
  const where = seed === null ? 'MISSED   ' : `seed ${String(seed).padStart(4)}`;
  process.stdout.write(
    `${where}  ${events} ${((user + system) / 1e6).toFixed(1)} s ${bug.name}\n           ${violation.split('\n')[0]?.slice(0, 140)}\n`,
  );
}
process.stdout.write(missed === 0 ? 'every planted bug was found\n' : `${missed} planted bugs were not found\n`);
process.exitCode = missed === 0 ? 0 : 1;
