import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../child-server.js';
import { figure } from '../figures.js';
import { HttpConnection } from '../load/http-connection.js';
import { sent } from '../load/whole-lives.js';
import { claimRequest, heartbeatRequest, leaseIdOf } from '../load/worker-requests.js';
import type { Measure } from '../measure.js';
import { quantile } from '../statistics.js';
import { createWorkflow, job, layers, startRun } from '../workflows.js';

const jobs = 100_000;

export const acceptance: Measure = {
  name: 'acceptance',
  title: 'A workflow of 100 000 jobs with two needs each is accepted and started, while others claim and renew',
  async run() {
    const server = await startServer();
    await startRun(server.url, await createWorkflow(server.url, [job('held', [], ['held'])]));
    const holder = await HttpConnection.open(server.url);
    const leaseId = leaseIdOf(await sent(holder, claimRequest('bench-holder', { labels: ['held'] })));
    if (leaseId === null) throw new Error('no job to hold');

    const claims = new Pulse(await HttpConnection.open(server.url), claimRequest('bench-other', { labels: ['none'] }));
    const renewals = new Pulse(holder, heartbeatRequest(leaseId));
    const startedAt = performance.now();
    const workflowId = await createWorkflow(server.url, layers(jobs, 'large'));
    const acceptedAt = performance.now();
    await startRun(server.url, workflowId);
    const runAt = performance.now();
    const [claimMs, renewMs] = [await claims.stop(), await renewals.stop()];
    await server.stop();
    return [
      figure('definition sent until answered', (acceptedAt - startedAt) / 1000, 's'),
      figure('run asked for until answered', (runAt - acceptedAt) / 1000, 's'),
      figure('claims meanwhile: p99', quantile(claimMs, 0.99), 'ms'),
      figure('  worst', quantile(claimMs, 1), 'ms'),
      figure('heartbeats meanwhile: p99', quantile(renewMs, 0.99), 'ms'),
      figure('  worst', quantile(renewMs, 1), 'ms'),
    ];
  },
};

/** Sends one request repeatedly with short pauses until it is stopped. */
class Pulse {
  readonly #connection: HttpConnection;
  readonly #beating: Promise<number[]>;
  #stopped = false;

  constructor(connection: HttpConnection, request: string) {
    this.#connection = connection;
    this.#beating = this.#beat(request);
  }

  /** The duration of each response, in milliseconds. */
  async stop(): Promise<number[]> {
    this.#stopped = true;
    const tookMs = await this.#beating;
    this.#connection.close();
    return tookMs;
  }

  async #beat(request: string): Promise<number[]> {
    const tookMs: number[] = [];
    while (!this.#stopped) {
      const sentAt = performance.now();
      await sent(this.#connection, request);
      tookMs.push(performance.now() - sentAt);
      await sleep(2);
    }
    return tookMs;
  }
}
