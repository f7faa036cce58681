import { afterAll, onTestFailed, onTestFinished } from 'vitest';
import { expectStatus } from './api.js';
import { type Cleanup, outlivingTheTest } from './lifetime.js';
import { type ServerProcess, startServerProcess } from './server-process.js';
import { until } from './until.js';

let server: ServerProcess | null = null;
const cleanups: Cleanup[] = [];

afterAll(endServer);

/**
 * A running server shared by the tests of this file, provided each leaves it idle: no open run, no waiting claim. If
 * one does not, the server ends with that test and the next test gets a new one. Starting a server takes longer than
 * most tests. Tests that stop it, change its settings or inspect its whole content use `startServerProcess`.
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
    // The server notices the closed connections of a killed worker a moment later.
    return await until('no claim waits', async () => (await parked(used)) === 0, { withinMs: 5_000 });
  } catch {
    return false;
  }
}

/** The number of waiting claims on all servers. */
async function parked(used: ServerProcess): Promise<number> {
  const pages = await Promise.all(used.apis().map((api) => api.get('/metrics')));
  const found = pages.map(({ body }) => /^workflow_graph_claims_parked (\d+)$/m.exec(String(body))?.[1] ?? 0);
  return found.reduce<number>((sum, count) => sum + Number(count), 0);
}
