import { mayGet, type WorkerOffer } from './model/offer.js';
import type { LiveServer, SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

/** A claim or session that waits for jobs at a server. */
export interface Waiter {
  readonly workerId: string;
  readonly server: SimServer;
  readonly live: LiveServer;
  readonly offer: WorkerOffer;
  sinceMs: number;
  /** How many jobs it would take now. */
  wants: number;
}

/** How long a job and a worker that fit may wait beside one another on a healthy server. */
const patienceMs = 5_000;

/** Who waits for jobs: nobody may wait beside a job that he could run. */
export class Waiting {
  readonly #simulation: Simulation;
  readonly #waiters = new Set<Waiter>();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  check(): void {
    const { world, model, servers, outage } = this.#simulation;
    // Nobody can be served meanwhile; that it is back counts as the end of a trouble.
    if (outage.isAway) return;
    if (model.queued.size === 0 || this.#waiters.size === 0) return;
    const troubleAtMs = Math.max(...servers.map((server) => server.troubleAtMs));
    for (const waiter of this.#waiters) {
      const { live, offer, wants, sinceMs } = waiter;
      if (!live.process.isAlive || live.isStopping) {
        this.#waiters.delete(waiter);
        continue;
      }
      const healthySinceMs = Math.max(sinceMs, troubleAtMs, live.process.frozenUntilMs);
      if (wants <= 0 || world.nowMs - healthySinceMs < patienceMs) continue;
      for (const { run, job } of model.queued.values()) {
        if (world.nowMs - job.queuedSinceMs < patienceMs) continue;
        if (!mayGet(offer, job.def.labels) || model.pauses.isKeptBack({ run, job })) continue;
        world.violated(
          'no worker waits beside a job that it could run',
          `${waiter.workerId} at ${live.process.name} beside ${run.no}/${job.def.key}, queued ${world.nowMs - job.queuedSinceMs} ms ago`,
        );
        return;
      }
    }
  }
}
