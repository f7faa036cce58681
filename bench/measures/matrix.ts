import { startServer } from '../child-server.js';
import { figure } from '../figures.js';
import { HttpConnection } from '../load/http-connection.js';
import { sent } from '../load/whole-lives.js';
import { claimRequest, completeRequest, leaseIdOf, runIdOfRun, runRequest } from '../load/worker-requests.js';
import type { Measure } from '../measure.js';
import { createWorkflowOfFile } from '../workflows.js';

const side = 100;
const children = side * side;
const connections = 16;

export const matrix: Measure = {
  name: 'matrix',
  title: `A matrix of ${children} children: when the first and the last become claimable, and the cost of their join`,
  async run() {
    const server = await startServer();
    const numbers = Array.from({ length: side }, (_, at) => at);
    const id = await createWorkflowOfFile(server.url, {
      test: { strategy: { matrix: { a: numbers, b: numbers } }, labels: ['child'], run: 'true' },
      after: { needs: 'test', labels: ['after'], run: 'true' },
    });
    const open = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(server.url)));
    const [one, other] = open as [HttpConnection, HttpConnection, ...HttpConnection[]];
    const startedAt = performance.now();
    const first = sent(other, claimRequest('bench', { labels: ['child'], waitSecs: 60 })).then((body) => {
      return { lease: leaseIdOf(body), ms: performance.now() - startedAt };
    });
    const runId = runIdOfRun(await sent(one, runRequest(id)));
    const { lease, ms: firstMs } = await first;
    const url = `${server.url}/api/workflows/${runId}/status?children=test&limit=1&offset=${children - 1}`;
    while (!(await (await fetch(url)).text()).includes(`"test.${children - 1}"`));
    const lastMs = performance.now() - startedAt;

    const claim = claimRequest('bench', { labels: ['child'] });
    const begunAt = performance.now();
    let done = 0;
    let lastReportAt = 0;
    const work = async (connection: HttpConnection, held: string | null) => {
      for (let leaseId = held; ; leaseId = null) {
        leaseId ??= leaseIdOf(await sent(connection, claim));
        if (leaseId === null) return;
        lastReportAt = performance.now();
        await sent(connection, completeRequest(leaseId));
        done += 1;
      }
    };
    await Promise.all(open.map((connection, at) => work(connection, at === 0 ? lease : null)));
    const livesMs = performance.now() - begunAt;
    if (done !== children) throw new Error(`${done} of ${children} children were claimed`);
    const after = leaseIdOf(await sent(one, claimRequest('bench', { labels: ['after'], waitSecs: 60 })));
    if (after === null) throw new Error('the dependent of the matrix did not become claimable');
    const joinMs = performance.now() - lastReportAt;
    for (const connection of open) connection.close();
    await server.stop();
    return [
      figure('from the start of the run to the claim of the first child', firstMs, 'ms'),
      figure('to the last child becoming claimable', lastMs, 'ms'),
      figure('claims and completions of the children', children / (livesMs / 1000), '/s'),
      figure('from the last report to the claim of the dependent', joinMs, 'ms'),
    ];
  },
};
