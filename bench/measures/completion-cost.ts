import { startServer } from '../child-server.js';
import { atMost, figure } from '../figures.js';
import { HttpConnection } from '../load/http-connection.js';
import { sent } from '../load/whole-lives.js';
import { claimRequest, completeRequest, leaseIdOf } from '../load/worker-requests.js';
import type { Measure } from '../measure.js';
import { median } from '../statistics.js';
import { createWorkflow, pairs, startRun } from '../workflows.js';

/** Jobs without needs in the small workflow; each round completes all of them. */
const roots = 50;
const rounds = 10;

export const completionCost: Measure = {
  name: 'completion-cost',
  title: 'A completion in a small and in a large run, in turn; each completed job is needed by one other',
  async run() {
    const server = await startServer();
    const small = await createWorkflow(server.url, pairs(2 * roots, 'small'));
    const large = await createWorkflow(server.url, pairs(100_000, 'large'));
    await startRun(server.url, large);
    const connection = await HttpConnection.open(server.url);
    const worker = (label: string) => ({
      claim: claimRequest(`bench-${label}`, { labels: [label] }),
      tookMs: [] as number[],
    });
    const [ofSmall, ofLarge] = [worker('small'), worker('large')];
    for (let round = 0; round < rounds; round += 1) {
      await startRun(server.url, small);
      // Claimed first: otherwise the jobs that become claimable by the completions would be claimed instead.
      const leases: string[] = [];
      for (let n = 0; n < roots; n += 1)
        for (const { claim } of [ofSmall, ofLarge]) leases.push(await leased(connection, claim));
      for (let n = 0; n < roots; n += 1) {
        for (const [at, { tookMs }] of [ofSmall, ofLarge].entries()) {
          const sentAt = performance.now();
          await sent(connection, completeRequest(leases[2 * n + at] ?? ''));
          tookMs.push(performance.now() - sentAt);
        }
      }
      // The small run's second half is not measured; it is drained, so that the next round claims roots.
      for (let n = 0; n < roots; n += 1)
        await sent(connection, completeRequest(await leased(connection, ofSmall.claim)));
    }
    connection.close();
    await server.stop();
    return [
      figure('run of 100 jobs: complete, median', median(ofSmall.tookMs), 'ms'),
      figure('run of 100 000 jobs: complete, median', median(ofLarge.tookMs), 'ms'),
      figure('  ratio', median(ofLarge.tookMs) / median(ofSmall.tookMs), '×', atMost(1.3)),
    ];
  },
};

async function leased(connection: HttpConnection, claim: string): Promise<string> {
  const leaseId = leaseIdOf(await sent(connection, claim));
  if (leaseId === null) throw new Error('no job although one waits');
  return leaseId;
}
