import { type ChildServer, startServer } from '../child-server.js';
import { atMost, figure } from '../figures.js';
import { HttpConnection } from '../load/http-connection.js';
import { sent } from '../load/whole-lives.js';
import { claimRequest, completeRequest, leaseIdOf } from '../load/worker-requests.js';
import type { Measure } from '../measure.js';
import { cpuMicros } from '../process-usage.js';
import { median } from '../statistics.js';
import { createWorkflow, independentJobs, startRun } from '../workflows.js';

const labelSets = 200;
const jobsOfRun = 100;
const rounds = 8;

export const claimCost: Measure = {
  name: 'claim-cost',
  title: 'A claim while jobs wait that the worker may not run (200 label sets), two servers in turn',
  async run() {
    const many = await Backlog.of(100_000, 10);
    const few = await Backlog.of(1_000, 1);
    few.noteCpu();
    many.noteCpu();
    for (let round = 0; round < rounds; round += 1) {
      // Short turns expose both servers to the same disturbances.
      await few.begin();
      await many.begin();
      for (let n = 0; n < jobsOfRun; n += 1) {
        await few.live();
        await many.live();
      }
    }
    const [cpuOfFew, cpuOfMany] = [few.cpuMicrosOfLife(), many.cpuMicrosOfLife()];
    await few.end();
    await many.end();
    return [
      figure('1 000 other jobs wait: claim, median', median(few.claimMs), 'ms'),
      figure('1 000 000 other jobs wait: claim, median', median(many.claimMs), 'ms'),
      figure('  ratio', median(many.claimMs) / median(few.claimMs), '×', atMost(1.3)),
      figure('  complete, ratio', median(many.completeMs) / median(few.completeMs), '×'),
      figure(
        '  processor time of a claim and a completion, ratio',
        cpuOfFew === null || cpuOfMany === null ? null : cpuOfMany / cpuOfFew,
        '×',
      ),
      figure('time to create the 1 000 000 waiting jobs', many.filledMs / 1000, 's'),
    ];
  },
};

/** A server with jobs that wait for other workers, and one worker. */
class Backlog {
  readonly claimMs: number[] = [];
  readonly completeMs: number[] = [];
  readonly filledMs: number;
  readonly #server: ChildServer;
  /** Opened on demand: the server closes an idle connection while the other server is filled. */
  #connection: HttpConnection | null = null;
  #cpuBefore: number | null = null;
  readonly #workflowId: string;
  readonly #claim = claimRequest('bench-1', { labels: ['mine'] });

  private constructor(server: ChildServer, workflowId: string, filledMs: number) {
    this.#server = server;
    this.#workflowId = workflowId;
    this.filledMs = filledMs;
  }

  static async of(jobs: number, runs: number): Promise<Backlog> {
    const server = await startServer();
    const startedAt = performance.now();
    const others = await createWorkflow(
      server.url,
      independentJobs(jobs, (at) => [`other-${at % labelSets}`]),
    );
    for (let run = 0; run < runs; run += 1) await startRun(server.url, others);
    const filledMs = performance.now() - startedAt;
    const mine = await createWorkflow(
      server.url,
      independentJobs(jobsOfRun, () => ['mine']),
    );
    return new Backlog(server, mine, filledMs);
  }

  async begin(): Promise<void> {
    this.#connection ??= await HttpConnection.open(this.#server.url);
    await startRun(this.#server.url, this.#workflowId);
  }

  /** One claim and one completion. */
  async live(): Promise<void> {
    const connection = this.#connection;
    if (connection === null) throw new Error('no round has begun');
    const askedAt = performance.now();
    const leaseId = leaseIdOf(await sent(connection, this.#claim));
    const gotAt = performance.now();
    if (leaseId === null) throw new Error('no job although one waits');
    await sent(connection, completeRequest(leaseId));
    this.claimMs.push(gotAt - askedAt);
    this.completeMs.push(performance.now() - gotAt);
  }

  noteCpu(): void {
    this.#cpuBefore = cpuMicros(this.#server.pid);
  }

  /** Processor time of the server per life since the mark; null if it cannot be read. */
  cpuMicrosOfLife(): number | null {
    const now = cpuMicros(this.#server.pid);
    return now === null || this.#cpuBefore === null ? null : (now - this.#cpuBefore) / this.claimMs.length;
  }

  async end(): Promise<void> {
    this.#connection?.close();
    await this.#server.stop();
  }
}
