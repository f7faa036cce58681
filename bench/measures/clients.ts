import { type ChildServer, startServer } from '../child-server.js';
import { atMost, type Figure, figure } from '../figures.js';
import { type ClientProgram, ClientWorker, clientPrograms, isHere } from '../load/client-worker.js';
import type { Measure } from '../measure.js';
import { median } from '../statistics.js';
import { chain, createWorkflow, independentJobs, startRun } from '../workflows.js';

const transports = ['stream', 'http'] as const;
const slots = 32;
const chainLength = 40;
const rounds = 5;
/** The polling interval of a run; its times are the server's. */
const lookEveryMs = 50;

export const clients: Measure = {
  name: 'clients',
  title: `Each library with function executors that do nothing: ${slots} slots, and a chain of ${chainLength} with one slot`,
  async run({ seconds }) {
    const figures: Figure[] = [];
    for (const client of clientPrograms.filter(isHere)) {
      for (const transport of transports) figures.push(...(await measureClient(client, transport, seconds)));
    }
    return figures;
  },
};

async function measureClient(
  client: ClientProgram,
  transport: (typeof transports)[number],
  seconds: number,
): Promise<Figure[]> {
  const server = await startServer();
  const what = `${client.name}, ${transport}`;
  try {
    const { perSec, cpuMicros } = await rateOf(server, client, transport, seconds);
    const chainMs = await chainOf(server, client, transport);
    const isWanted = client.name === 'Python' && transport === 'stream';
    return [
      figure(`${what}: jobs`, perSec, '/s'),
      figure('  processor time of the worker per job', cpuMicros, 'µs'),
      figure(`  chain of ${chainLength}, median of ${rounds}`, chainMs, 'ms', isWanted ? atMost(120) : null),
    ];
  } finally {
    await server.stop();
  }
}

/** A first run warms it up and measures how many jobs it does in the time. */
async function rateOf(server: ChildServer, client: ClientProgram, transport: 'stream' | 'http', seconds: number) {
  const worker = await ClientWorker.start(client, server.url, { slots, transport });
  try {
    const warmUp = 1_000;
    const first = await timeOfRun(server, await createWorkflow(server.url, independentJobs(warmUp)));
    const jobs = Math.min(50_000, Math.max(warmUp, Math.round((warmUp / first) * 1_000 * seconds)));
    const workflow = await createWorkflow(server.url, independentJobs(jobs));
    const before = worker.cpuMicros();
    const tookMs = await timeOfRun(server, workflow);
    const after = worker.cpuMicros();
    return {
      perSec: jobs / (tookMs / 1_000),
      cpuMicros: before === null || after === null ? null : (after - before) / jobs,
    };
  } finally {
    worker.stop();
  }
}

async function chainOf(server: ChildServer, client: ClientProgram, transport: 'stream' | 'http'): Promise<number> {
  const worker = await ClientWorker.start(client, server.url, { slots: 1, transport });
  try {
    const workflow = await createWorkflow(server.url, chain(chainLength));
    await timeOfRun(server, workflow);
    const tookMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) tookMs.push(await timeOfRun(server, workflow));
    return median(tookMs);
  } finally {
    worker.stop();
  }
}

interface RunRow {
  readonly state: string;
  readonly created_at_ms: number;
  readonly ended_at_ms: number | null;
}

/** From the request of a run to its end, in milliseconds, by the server's clock. Errors: it did not succeed. */
async function timeOfRun({ url }: ChildServer, workflow: string): Promise<number> {
  await startRun(url, workflow);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    const answer = (await (await fetch(`${url}/api/runs?workflow=${workflow}&limit=1`)).json()) as { runs: RunRow[] };
    const [run] = answer.runs;
    if (run === undefined) throw new Error('the run is not listed');
    if (run.ended_at_ms === null) continue;
    if (run.state !== 'success') throw new Error(`the run ended as ${run.state}`);
    return run.ended_at_ms - run.created_at_ms;
  }
}
