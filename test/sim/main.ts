import { parseArgs } from 'node:util';
import { sized } from '../support/machine.js';
import { missingIn } from './rare-things.js';
import { runSeed } from './run-seed.js';
import { runSeeds, type Totals } from './run-seeds.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    length: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    'stop-at-first': { type: 'boolean', default: false },
  },
});

const length = Number(values.length);

/** How many seeds must have met with every rare thing. */
const enoughSeeds = 200;

/** On a slow machine there are no fewer. */
const leastSeeds = 60;

process.exitCode = values.seed === undefined ? await many() : await one(Number(values.seed));

/** One world again, with its history when that is wanted. */
async function one(seed: number): Promise<number> {
  const tell = values.trace ? (line: string) => void process.stdout.write(`${line}\n`) : null;
  const { hash, events, violations } = await runSeed({ seed, length, tell });
  process.stdout.write(`seed ${seed}: ${events} events, trace ${hash}\n`);
  for (const violation of violations) process.stdout.write(`BROKEN ${violation}\n`);
  return violations.length === 0 ? 0 : 1;
}

async function many(): Promise<number> {
  const untilMs = values.minutes === undefined ? null : performance.now() + Number(values.minutes) * 60_000;
  const size = { of: 'simulated seeds', asked: values.seeds, full: enoughSeeds, floor: leastSeeds };
  const count = untilMs === null ? sized(size) : 0;
  const isAll = untilMs === null && values.seeds === undefined;
  let told = 0;
  let toldAtMs = performance.now();
  const goesOn = ({ worlds, broken, counters }: Totals) => {
    if (values['stop-at-first'] && broken.length > 0) return false;
    if (untilMs !== null) return performance.now() < untilMs;
    // Fewer seeds than all of them are enough when every rare thing has happened.
    return worlds < count || (isAll && worlds < enoughSeeds && missingIn(counters).length > 0);
  };
  const totals = await runSeeds(Number(values.from), length, goesOn, (now) => {
    for (const { seed, violations } of now.broken.slice(told)) {
      process.stdout.write(
        `BROKEN seed ${seed}: ${violations[0]}\n  again: npm run sim -- --seed ${seed}${lengthFlag()} --trace\n`,
      );
    }
    told = now.broken.length;
    if (performance.now() - toldAtMs < 60_000) return;
    toldAtMs = performance.now();
    process.stdout.write(`${summary(now)}\n`);
  });
  for (const [name, times] of totals.counters.entries())
    process.stdout.write(`${String(times).padStart(10)}  ${name}\n`);
  // A few seeds need not have it all; as many as CI runs must.
  const missing = totals.worlds < enoughSeeds && !isAll ? [] : missingIn(totals.counters);
  for (const name of missing) process.stdout.write(`NEVER HAPPENED  ${name}: nothing was shown about it\n`);
  process.stdout.write(`${summary(totals)}\n`);
  return totals.broken.length + missing.length === 0 ? 0 : 1;
}

function lengthFlag(): string {
  return length === 1 ? '' : ` --length ${length}`;
}

function summary({ worlds, events, cpuSecs, broken }: Totals): string {
  const rate = Math.round((events / Math.max(cpuSecs, 0.001)) * 60);
  return `${worlds} seeds, ${events} events, ${cpuSecs.toFixed(0)} s of processor, ${rate.toLocaleString('en')} events a minute of it, ${broken.length} broken`;
}
