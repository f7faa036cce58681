import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { bareSqliteLives } from './bare-sqlite.js';
import { type Figure, isMet, lineOf } from './figures.js';
import type { BenchContext, Measure } from './measure.js';
import { acceptance } from './measures/acceptance.js';
import { baselines } from './measures/baselines.js';
import { chainOf40 } from './measures/chain-of-40.js';
import { claimCost } from './measures/claim-cost.js';
import { clients } from './measures/clients.js';
import { completionCost } from './measures/completion-cost.js';
import { dispatch } from './measures/dispatch.js';
import { gates } from './measures/gates.js';
import { lives } from './measures/lives.js';
import { matrix } from './measures/matrix.js';
import { postgres } from './measures/postgres.js';
import { postgresDispatch } from './measures/postgres-dispatch.js';
import { pruning } from './measures/pruning.js';
import { rerun } from './measures/rerun.js';
import { startAndMemory } from './measures/start-and-memory.js';
import { streams } from './measures/streams.js';
import { type BenchOptions, readOptions } from './options.js';

const measures: readonly Measure[] = [
  baselines,
  lives,
  dispatch,
  streams,
  chainOf40,
  claimCost,
  completionCost,
  acceptance,
  gates,
  matrix,
  rerun,
  pruning,
  startAndMemory,
  postgres,
  postgresDispatch,
  clients,
];

await main();

async function main(): Promise<void> {
  let options: BenchOptions;
  try {
    options = readOptions(
      process.argv.slice(2),
      measures.map(({ name }) => name),
    );
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    process.exitCode = 2;
    return;
  }
  if (options.help) process.stdout.write(usage());
  else await runAll(options);
}

async function runAll({ names, seconds, jsonFile }: BenchOptions): Promise<void> {
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
  print(`${machine}, Node ${process.versions.node}, ${seconds} s each; server and generator share the cores`);
  const context = contextOf(seconds);
  const results: { name: string; title: string; figures: readonly Figure[] }[] = [];
  for (const { name, title, named, run } of measures) {
    if (names.length > 0 ? !names.includes(name) : named) continue;
    print(`\n${name}: ${title}`);
    const figures = await run(context);
    for (const figure of figures) print(lineOf(figure));
    results.push({ name, title, figures });
  }
  const missed = results.flatMap(({ figures }) => figures).filter((figure) => isMet(figure) === false);
  print(missed.length === 0 ? '\nEvery target is met.' : `\nTargets not met: ${missed.length}.`);
  if (jsonFile !== null) writeFileSync(jsonFile, `${JSON.stringify({ machine, seconds, results }, null, 2)}\n`);
}

function contextOf(seconds: number): BenchContext {
  const measured = new Map<number, number>();
  return {
    seconds,
    bareLivesPerSec(operationsPerCommit) {
      const known = measured.get(operationsPerCommit) ?? bareSqliteLives(operationsPerCommit, Math.min(seconds, 2));
      measured.set(operationsPerCommit, known);
      return known;
    },
  };
}

function usage(): string {
  const rows = measures.map(({ name, title }) => `  ${name.padEnd(16)} ${title}`);
  return `Usage: npm run bench -- [--seconds N] [--json FILE] [NAME…]

${rows.join('\n')}

Without names all of them run but those of PostgreSQL, in about six minutes. --seconds is how long each load is measured (4).
BENCH_DIR is the folder for the databases (the system's temporary folder); it must lie on the disk to be measured.
Those of PostgreSQL make one of their own, or use that of BENCH_DATABASE_URL; postgres installs what it compares with.
`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
