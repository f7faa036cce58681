import { Counters } from './counters.js';
import { runSeed, type SeedResult } from './run-seed.js';

export interface Totals {
  readonly worlds: number;
  readonly events: number;
  /** Of the processor, in seconds. */
  readonly cpuSecs: number;
  readonly counters: Counters;
  readonly broken: readonly SeedResult[];
}

/** Runs the seeds from `first` on while `goesOn` says so, and adds up what happened. */
export async function runSeeds(
  first: number,
  length: number,
  goesOn: (totals: Totals) => boolean,
  tell: (totals: Totals) => void = () => {},
): Promise<Totals> {
  const counters = new Counters();
  const broken: SeedResult[] = [];
  const startedAt = process.cpuUsage();
  let events = 0;
  let worlds = 0;
  const totals = (): Totals => {
    const { user, system } = process.cpuUsage(startedAt);
    return { worlds, events, cpuSecs: (user + system) / 1e6, counters, broken };
  };
  while (goesOn(totals())) {
    const result = await runSeed({ seed: first + worlds, length, tell: null });
    worlds += 1;
    events += result.events;
    counters.addAll(result.counters);
    if (result.violations.length > 0) broken.push(result);
    tell(totals());
  }
  return totals();
}
