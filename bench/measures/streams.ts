import { type ChildServer, startServer } from '../child-server.js';
import { atLeast, type Figure, figure } from '../figures.js';
import { loadStreamLives } from '../load/stream-lives.js';
import { openStreamWorkers } from '../load/waiting-workers.js';
import type { Measure } from '../measure.js';
import { cpuMicros, residentMb } from '../process-usage.js';
import { median } from '../statistics.js';
import { storedCounts } from '../stored-counts.js';
import { createWorkflow, independentJobs } from '../workflows.js';
import { dispatchOf } from './dispatch.js';
import { livesOf } from './lives.js';

const jobsPerRun = 10;
const rounds = 3;
const jsonConnections = 64;

export const streams: Measure = {
  name: 'streams',
  title: 'Job streams over gRPC: whole lives on 8 streams of 64 slots, and dispatch to workers that wait on a stream',
  async run({ seconds, bareLivesPerSec }) {
    const runs: StreamsRun[] = [];
    for (let round = 0; round < rounds; round += 1) runs.push(await streamLivesOf(seconds));
    const json = await livesOf(independentJobs(jobsPerRun), jsonConnections, seconds);
    const perSec = median(runs.map((run) => run.perSec));
    const bare = bareLivesPerSec(200);
    const middle = runs.find((run) => run.perSec === perSec);
    const figures: Figure[] = [
      figure(
        `8 streams × 64 slots: whole lives, median of ${rounds}`,
        perSec,
        '/s',
        atLeast(Math.min(20_000, 0.35 * bare)),
      ),
      figure('  processor time of the server per life', middle?.cpuMicros ?? null, 'µs'),
      figure('  peak memory', middle?.peakMb ?? null, 'MB'),
      figure('  ratio to bare SQLite at 200 operations per commit', perSec / bare, '×'),
      figure(`  ratio to JSON over ${jsonConnections} connections`, perSec / json.perSec, '×'),
    ];
    for (const workers of [32, 1_000]) {
      figures.push(...(await dispatchOf(1_000, workers, seconds, { p50: 1.5, p99: 8 }, openStreamWorkers)));
    }
    return figures;
  },
};

interface StreamsRun {
  readonly perSec: number;
  readonly cpuMicros: number | null;
  readonly peakMb: number | null;
}

/** Errors: the acknowledged counts differ from the database afterwards. */
async function streamLivesOf(seconds: number): Promise<StreamsRun> {
  const server: ChildServer = await startServer();
  const cpu: (number | null)[] = [];
  const result = await loadStreamLives({
    urls: [server.url],
    workflowId: await createWorkflow(server.url, independentJobs(jobsPerRun)),
    jobsPerRun,
    streams: 8,
    slots: 64,
    warmUpMs: 2_000,
    measuredMs: seconds * 1000,
    onMeasured: () => cpu.push(cpuMicros(server.pid)),
  });
  const peakMb = residentMb(server.pid, 'peak');
  const stored = await server.stopAndLook(storedCounts);
  const { completed } = result.total;
  if (stored.succeededJobs !== completed || stored.succeededAttempts !== completed || stored.attempts !== completed) {
    throw new Error(`${completed} completions were acknowledged; stored: ${JSON.stringify(stored)}`);
  }
  const [before = null, after = null] = cpu;
  return {
    perSec: result.lives / result.seconds,
    cpuMicros: before === null || after === null ? null : (after - before) / result.lives,
    peakMb,
  };
}
