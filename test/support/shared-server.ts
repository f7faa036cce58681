import { afterAll, onTestFailed, onTestFinished } from 'vitest';
import { expectStatus } from './api.js';
import { type Cleanup, outlivingTheTest } from './lifetime.js';
import { type ServerProcess, startServerProcess } from './server-process.js';
import { until } from './until.js';

let server: ServerProcess | null = null;
const cleanups: Cleanup[] = [];

afterAll(endServer);

/**
 * A running server that the tests of this file share, as long as each leaves it at rest: no open run, no waiting claim. One
 * that is not left so ends with the test, and the next test has a new one. To start a server takes longer than most tests;
 * whatever stops it, changes its settings or looks at everything that is in it wants `startServerProcess`.
 */
export async function sharedServer(): Promise<ServerProcess> {
  server ??= await outlivingTheTest(cleanups, () => startServerProcess());
  const used = server;
  onTestFailed(() => console.error(`--- the shared server\n${used.output.slice(-8_000)}`));
  onTestFinished(async () => {
    if (!(await isAtRest(used))) await endServer();
  });
  return used;
}

async function endServer(): Promise<void> {
  server = null;
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

async function isAtRest(used: ServerProcess): Promise<boolean> {
  if (!used.program.running) return false;
  try {
    for (const state of ['queued', 'running']) {
      const { runs } = expectStatus<{ runs: unknown[] }>(await used.api().get(`/api/runs?limit=1&state=${state}`), 200);
      if (runs.length > 0) return false;
    }
    // The server hears of a killed worker's closed connections a moment later.
    return await until('no claim waits', async () => (await parked(used)) === 0, { withinMs: 5_000 });
  } catch {
    return false;
  }
}

/** How many claims wait, at all servers together. */
async function parked(used: ServerProcess): Promise<number> {
  const pages = await Promise.all(used.apis().map((api) => api.get('/metrics')));
  const found = pages.map(({ body }) => /^workflow_graph_claims_parked (\d+)$/m.exec(String(body))?.[1] ?? 0);
  return found.reduce<number>((sum, count) => sum + Number(count), 0);
}
