import { type ChildServer, startServer } from '../child-server.js';
import { atMost, figure } from '../figures.js';
import { HttpConnection } from '../load/http-connection.js';
import { sent } from '../load/whole-lives.js';
import { claimRequest, completeRequest, leaseIdOf } from '../load/worker-requests.js';
import type { Measure } from '../measure.js';
import { cpuMicros } from '../process-usage.js';
import { median } from '../statistics.js';
import { createWorkflowOfFile, startRun } from '../workflows.js';

const jobsOfRun = 100;
const rounds = 20;
const groups = 1_000;
/** Held jobs at the server with many of them, and jobs of each run that creates them. */
const heldMany = Number(process.env.BENCH_HELD_JOBS ?? 1_000_000);
const heldPerRun = 100_000;

export const gates: Measure = {
  name: 'gates',
  title: 'Jobs in a group against jobs without one, in turn; and claims while jobs are held at 1 000 gates',
  async run() {
    const { plain, gated } = await lifeCosts();
    const few = await Holding.of(1_000);
    const many = await Holding.of(heldMany);
    for (let round = 0; round < 8; round += 1) {
      await few.begin();
      await many.begin();
      for (let n = 0; n < jobsOfRun; n += 1) {
        await few.live();
        await many.live();
      }
    }
    await few.end();
    await many.end();
    const claimMs = [few, many].map(({ claimMs: times }) => median(times));
    return [
      figure('life of a job without a group, processor time', plain, 'µs'),
      figure('life of a job in a group, processor time', gated, 'µs'),
      figure('  more', plain === null || gated === null ? null : gated - plain, 'µs', atMost(30)),
      figure('1 000 held jobs: claim, median', claimMs[0] ?? null, 'ms'),
      figure(
        `${heldMany.toLocaleString('en').replaceAll(',', ' ')} held jobs: claim, median`,
        claimMs[1] ?? null,
        'ms',
      ),
      figure('  ratio', (claimMs[1] ?? 0) / (claimMs[0] ?? 1), '×', atMost(1.3)),
      figure('time to create the waiting jobs', many.filledMs / 1000, 's'),
    ];
  },
};

/** Processor time of the server for a share of a start, a claim and a completion, in turns on one server. */
async function lifeCosts(): Promise<{ plain: number | null; gated: number | null }> {
  const server = await startServer();
  const connection = await HttpConnection.open(server.url);
  const kinds = await Promise.all(
    [
      { label: 'plain', more: {} },
      { label: 'gated', more: { concurrency: { group: 'g', max: 16 } } },
    ].map(async ({ label, more }) => ({
      id: await createWorkflowOfFile(
        server.url,
        jobsWith(jobsOfRun, () => ({ labels: [label], ...more })),
      ),
      claim: claimRequest('bench', { labels: [label], waitSecs: 5 }),
      micros: 0,
    })),
  );
  let isMeasured = true;
  // The first rounds warm the server up.
  for (let round = -4; round < rounds; round += 1) {
    for (const kind of kinds) {
      const before = cpuMicros(server.pid);
      await startRun(server.url, kind.id);
      for (let n = 0; n < jobsOfRun; n += 1) await life(connection, kind.claim);
      const after = cpuMicros(server.pid);
      if (before === null || after === null) isMeasured = false;
      else if (round >= 0) kind.micros += after - before;
    }
  }
  connection.close();
  await server.stop();
  const [plain = null, gated = null] = kinds.map(({ micros }) => (isMeasured ? micros / (rounds * jobsOfRun) : null));
  return { plain, gated };
}

async function life(connection: HttpConnection, claim: string): Promise<number> {
  const askedAt = performance.now();
  const leaseId = leaseIdOf(await sent(connection, claim));
  const tookMs = performance.now() - askedAt;
  if (leaseId === null) throw new Error('no job although one waits');
  await sent(connection, completeRequest(leaseId));
  return tookMs;
}

function jobsWith(count: number, more: (at: number) => object): Record<string, object> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`j${at}`, { run: 'true', ...more(at) }]));
}

/** A server whose gates hold jobs for other workers, and one worker. */
class Holding {
  readonly claimMs: number[] = [];
  readonly filledMs: number;
  readonly #server: ChildServer;
  readonly #workflowId: string;
  #connection: HttpConnection | null = null;

  private constructor(server: ChildServer, workflowId: string, filledMs: number) {
    this.#server = server;
    this.#workflowId = workflowId;
    this.filledMs = filledMs;
  }

  static async of(held: number): Promise<Holding> {
    const server = await startServer();
    const startedAt = performance.now();
    const ofRun = Math.min(held, heldPerRun);
    const others = jobsWith(ofRun, (at) => ({ labels: ['other'], concurrency: { group: `g${at % groups}`, max: 1 } }));
    const id = await createWorkflowOfFile(server.url, others);
    for (let made = 0; made < held; made += ofRun) await startRun(server.url, id);
    const filledMs = performance.now() - startedAt;
    const mine = await createWorkflowOfFile(
      server.url,
      jobsWith(jobsOfRun, () => ({ labels: ['mine'] })),
    );
    return new Holding(server, mine, filledMs);
  }

  async begin(): Promise<void> {
    this.#connection ??= await HttpConnection.open(this.#server.url);
    await startRun(this.#server.url, this.#workflowId);
  }

  async live(): Promise<void> {
    if (this.#connection === null) throw new Error('no round has begun');
    this.claimMs.push(await life(this.#connection, claimRequest('bench', { labels: ['mine'] })));
  }

  async end(): Promise<void> {
    this.#connection?.close();
    await this.#server.stop();
  }
}
