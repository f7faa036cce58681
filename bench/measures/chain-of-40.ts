import { startServer } from '../child-server.js';
import { figure } from '../figures.js';
import { HttpConnection } from '../load/http-connection.js';
import { sent } from '../load/whole-lives.js';
import { claimRequest, completeRequest, leaseIdOf, runRequest } from '../load/worker-requests.js';
import type { Measure } from '../measure.js';
import { median } from '../statistics.js';
import { chain, createWorkflow } from '../workflows.js';

const jobs = 40;
const rounds = 5;

export const chainOf40: Measure = {
  name: 'chain',
  title: 'A chain of 40 jobs that do nothing, run by one worker that waits by long poll',
  async run() {
    const server = await startServer();
    const workflowId = await createWorkflow(server.url, chain(jobs));
    const connection = await HttpConnection.open(server.url);
    const claim = claimRequest('bench-1', { waitSecs: 10 });
    const tookMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const startedAt = performance.now();
      await sent(connection, runRequest(workflowId));
      for (let done = 0; done < jobs; done += 1) {
        const leaseId = leaseIdOf(await sent(connection, claim));
        if (leaseId === null) throw new Error('no job within the wait');
        await sent(connection, completeRequest(leaseId));
      }
      tookMs.push(performance.now() - startedAt);
    }
    connection.close();
    await server.stop();
    return [
      figure(`from the request of the run to the last answer, median of ${rounds}`, median(tookMs), 'ms'),
      figure('  per job', median(tookMs) / jobs, 'ms'),
    ];
  },
};
