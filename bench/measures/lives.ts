import { startServer } from '../child-server.js';
import { atLeast, atMost, type Figure, figure } from '../figures.js';
import { loadWholeLives } from '../load/whole-lives.js';
import type { Measure } from '../measure.js';
import { cpuMicros, residentMb } from '../process-usage.js';
import { median, quantile } from '../statistics.js';
import { storedCounts } from '../stored-counts.js';
import { type BenchJob, chain, createWorkflow, diamond, independentJobs } from '../workflows.js';
import { noopRate } from './noop-rate.js';

interface LivesRun {
  readonly perSec: number;
  readonly cpuMicros: number | null;
  readonly claimMs: readonly number[];
  readonly completeMs: readonly number[];
  readonly peakMb: number | null;
}

/** Repetitions of the load with a target, each right after its own no-op measurement. */
const pairs = 3;

export const lives: Measure = {
  name: 'lives',
  title: 'Whole lives of jobs (run, claim, complete; each acknowledged after its sync) over the documented JSON paths',
  async run({ seconds, bareLivesPerSec }) {
    const figures: Figure[] = [];
    const tenJobs = independentJobs(10);
    for (const connections of [1, 16])
      figures.push(...figuresOf(`${connections} connections`, await livesOf(tenJobs, connections, seconds)));

    const runs: LivesRun[] = [];
    const toNoop: number[] = [];
    for (let pair = 0; pair < pairs; pair += 1) {
      const noop = await noopRate(Math.min(seconds, 2));
      const run = await livesOf(tenJobs, 64, seconds);
      runs.push(run);
      toNoop.push(run.perSec / (noop.perSec / 2));
    }
    const perSec = median(runs.map((run) => run.perSec));
    const middle = runs.find((run) => run.perSec === perSec);
    if (middle !== undefined) figures.push(...figuresOf('64 connections', middle));
    figures.push(
      figure('  ratio to half of the no-op rate', median(toNoop), '×', atLeast(0.4)),
      figure('  ratio to bare SQLite at 50 operations per commit', perSec / bareLivesPerSec(50), '×'),
    );

    const many = await livesOf(tenJobs, 256, seconds);
    figures.push(...figuresOf('256 connections', many));
    figures.push(...figuresOf('64 connections, chains of 10', await livesOf(chain(10), 64, seconds)));
    figures.push(...figuresOf('64 connections, diamonds 1-8-1', await livesOf(diamond(8), 64, seconds)));
    const peaks = [...runs, many].map((run) => run.peakMb ?? Number.NaN);
    figures.push(figure('peak memory under full load', Math.max(...peaks), 'MB', atMost(400)));
    return figures;
  },
};

function figuresOf(what: string, run: LivesRun): Figure[] {
  return [
    figure(`${what}: whole lives`, run.perSec, '/s'),
    figure('  processor time of the server per life', run.cpuMicros, 'µs'),
    figure('  claim p50', quantile(run.claimMs, 0.5), 'ms'),
    figure('  claim p99', quantile(run.claimMs, 0.99), 'ms'),
    figure('  complete p50', quantile(run.completeMs, 0.5), 'ms'),
    figure('  complete p99', quantile(run.completeMs, 0.99), 'ms'),
  ];
}

/** Errors: the acknowledged counts differ from the database afterwards. */
export async function livesOf(jobs: readonly BenchJob[], connections: number, seconds: number): Promise<LivesRun> {
  const server = await startServer();
  const cpu: (number | null)[] = [];
  const result = await loadWholeLives({
    url: server.url,
    workflowId: await createWorkflow(server.url, jobs),
    connections,
    warmUpMs: 1_000,
    measuredMs: seconds * 1000,
    onMeasured: () => cpu.push(cpuMicros(server.pid)),
  });
  const peakMb = residentMb(server.pid, 'peak');
  const stored = await server.stopAndLook(storedCounts);
  const { claimed, completed } = result.total;
  const agrees =
    stored.succeededJobs === completed && stored.succeededAttempts === completed && stored.attempts === claimed;
  if (!agrees) {
    throw new Error(
      `${claimed} claims and ${completed} completions were acknowledged; stored: ${JSON.stringify(stored)}`,
    );
  }
  const [before = null, after = null] = cpu;
  return {
    perSec: result.lives / result.seconds,
    cpuMicros: before === null || after === null ? null : (after - before) / result.lives,
    claimMs: result.claimMs,
    completeMs: result.completeMs,
    peakMb,
  };
}
