import type { ClaimedJob } from '../../../src/engine/engine.js';
import { Worker } from './worker.js';

/** A worker that waits at the server for jobs, takes several at once, and repeats a claim whose answer it lost. */
export class LongPollWorker extends Worker {
  #isDraining = false;

  override start(): void {
    void this.#run();
  }

  override drain(): void {
    this.#isDraining = true;
  }

  async #run(): Promise<void> {
    await this.register();
    while (!this.#isDraining) {
      const jobs = await this.#claim();
      await Promise.all(jobs.map((job) => this.work(job)));
    }
  }

  async #claim(): Promise<readonly ClaimedJob[]> {
    const { calls, simulation } = this.parts;
    const isHealing = simulation.isHealing;
    const waitMs = isHealing ? 2_000 : this.random.pick([500, 5_000, 20_000]);
    const requestId = this.random.chance(0.7) ? `${this.name}/${simulation.unique()}` : null;
    if (requestId !== null) simulation.requestIds.push(requestId);
    const input = this.claimInput(this.random.within(1, this.profile.slots), waitMs, requestId);
    // Some callers are less patient than the wait that they asked for.
    const patienceMs = this.random.chance(0.2) ? Math.floor(waitMs / 2) : waitMs + 3_000;
    for (let tries = 0; tries < 4; tries++) {
      const answer = await this.call(
        'long poll',
        (live, signal, server) => calls.claim(server, live, input, signal),
        patienceMs,
      );
      if (answer.kind === 'ok') return answer.value;
      if (requestId === null) return [];
      simulation.world.count('claim sent again');
      await this.sleep(10, 500);
    }
    return [];
  }
}
