import { ownCertificate } from './certificate.js';
import { Server, type ServerPlan } from './server.js';
import { ServerApi } from './server-api.js';
import { scaled } from './time-factor.js';

/** The server forgets a killed worker as soon as it notices the closed connections. */
const restWithinMs = scaled(5_000);

/**
 * A pool of idle servers for the next scenario: starting one takes longer than most scenarios. A server that was
 * stopped, has tokens, or has open runs does not return to the pool.
 */
export class ServerShelf {
  readonly #plan: ServerPlan;
  readonly #idle: Server[] = [];

  constructor(plan: ServerPlan) {
    this.#plan = plan;
  }

  /** A running server, or a new one that is not started yet. */
  take(): Server {
    return this.#idle.pop() ?? new Server(this.#plan);
  }

  /** A server with TLS, not started yet. */
  takeTls(): Server {
    return new Server(this.#plan, ownCertificate());
  }

  /** Keeps the server for the next test if the last one left it idle; removes it otherwise. */
  async takeBack(server: Server, runs: readonly string[]): Promise<void> {
    if (server.isAsStarted && (await isAtRest(server, runs))) this.#idle.push(server);
    else await server.remove();
  }

  async clear(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((server) => server.remove()));
  }
}

/** All runs have ended, no worker is draining, and no waiting claim could take the jobs of other scenarios. */
async function isAtRest(server: Server, runs: readonly string[]): Promise<boolean> {
  const api = new ServerApi(
    () => server.url,
    () => null,
  );
  try {
    const states = await Promise.all(runs.map(async (run) => (await api.status(run)).state));
    if (states.some((state) => state === 'running' || state === 'queued')) return false;
    if ((await api.workers()).some(({ drain }) => drain !== null)) return false;
    for (const giveUpAt = performance.now() + restWithinMs; performance.now() < giveUpAt; ) {
      // Long polls, and job streams with free slots.
      if ((await server.metric('claims_parked')) === 0) return true;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } catch {
    // A server that does not answer is discarded.
  }
  return false;
}
