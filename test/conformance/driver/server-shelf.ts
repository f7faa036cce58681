import { ownCertificate } from './certificate.js';
import { Server, type ServerPlan } from './server.js';
import { ServerApi } from './server-api.js';
import { scaled } from './time-factor.js';

/** A worker that was killed is forgotten by the server as soon as its connections are seen to be closed. */
const restWithinMs = scaled(5_000);

/**
 * Servers that run and have nothing to do, for the next scenario: to start one takes longer than most scenarios. One that
 * was stopped, has tokens, or is left with open runs does not come back.
 */
export class ServerShelf {
  readonly #plan: ServerPlan;
  readonly #idle: Server[] = [];

  constructor(plan: ServerPlan) {
    this.#plan = plan;
  }

  /** One that runs, or a new one that is still to be started. */
  take(): Server {
    return this.#idle.pop() ?? new Server(this.#plan);
  }

  /** One that speaks TLS, to be started. */
  takeTls(): Server {
    return new Server(this.#plan, ownCertificate());
  }

  /** Keeps it for the next test if the last one left nothing in it; removes it otherwise. */
  async takeBack(server: Server, runs: readonly string[]): Promise<void> {
    if (server.isAsStarted && (await isAtRest(server, runs))) this.#idle.push(server);
    else await server.remove();
  }

  async clear(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((server) => server.remove()));
  }
}

/** All runs have ended, and no claim waits that would take the jobs of others. */
async function isAtRest(server: Server, runs: readonly string[]): Promise<boolean> {
  const api = new ServerApi(
    () => server.url,
    () => null,
  );
  try {
    const states = await Promise.all(runs.map(async (run) => (await api.status(run)).state));
    if (states.some((state) => state === 'running' || state === 'queued')) return false;
    for (const giveUpAt = performance.now() + restWithinMs; performance.now() < giveUpAt; ) {
      // Long polls, and streams of jobs with free slots.
      if ((await server.metric('claims_parked')) === 0) return true;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } catch {
    // One that does not answer is of no use to the next.
  }
  return false;
}
