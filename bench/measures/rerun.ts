import { startServer } from '../child-server.js';
import { atMost, figure } from '../figures.js';
import { HttpConnection, requestText } from '../load/http-connection.js';
import { sent } from '../load/whole-lives.js';
import { claimRequest, completeRequest, leaseIdOf, runIdOfRun, runRequest } from '../load/worker-requests.js';
import type { Measure } from '../measure.js';
import { median } from '../statistics.js';
import { createWorkflow, job } from '../workflows.js';

/** A run has at most 100 generations. */
const rounds = 60;

export const rerun: Measure = {
  name: 'rerun',
  title: 'A re-run of one job in a small and in a large run, in turn',
  async run() {
    const server = await startServer();
    const connection = await HttpConnection.open(server.url);
    const of = async (jobs: number, label: string) => {
      const others = Array.from({ length: jobs - 1 }, (_, at) => job(`j${at}`, [], ['other']));
      const id = await createWorkflow(server.url, [job('mine', [], [label]), ...others]);
      const runId = runIdOfRun(await sent(connection, runRequest(id)));
      if (runId === null) throw new Error('no run');
      return {
        claim: claimRequest('bench', { labels: [label], waitSecs: 60 }),
        path: `/api/workflows/${runId}/rerun`,
        tookMs: [] as number[],
      };
    };
    const small = await of(100, 'small');
    const large = await of(100_000, 'large');
    for (let round = 0; round < rounds; round += 1) {
      for (const { claim, path, tookMs } of [small, large]) {
        const leaseId = leaseIdOf(await sent(connection, claim));
        if (leaseId === null) throw new Error('no job although one waits');
        await sent(connection, completeRequest(leaseId));
        const sentAt = performance.now();
        await sent(connection, requestText('POST', path, '{"jobs":["mine"]}'));
        tookMs.push(performance.now() - sentAt);
      }
    }
    connection.close();
    await server.stop();
    return [
      figure('run of 100 jobs: re-run of one, median', median(small.tookMs), 'ms'),
      figure('run of 100 000 jobs: re-run of one, median', median(large.tookMs), 'ms'),
      figure('  ratio', median(large.tookMs) / median(small.tookMs), '×', atMost(1.3)),
    ];
  },
};
