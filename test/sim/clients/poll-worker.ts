import { Worker } from './worker.js';

/** A worker of the plain HTTP style: asks, works, asks again after a while. */
export class PollWorker extends Worker {
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
      const { calls } = this.parts;
      const input = this.claimInput(1, 0, null);
      const answer = await this.call(
        'claim',
        (live, signal, server) => calls.claim(server, live, input, signal),
        5_000,
      );
      const jobs = answer.kind === 'ok' ? answer.value : [];
      for (const job of jobs) await this.work(job);
      if (jobs.length === 0) await this.sleep(200, 1_500);
      if (this.random.chance(0.1)) await this.#beatWorker();
    }
  }

  async #beatWorker(): Promise<void> {
    const { simulation } = this.parts;
    await this.call('worker heartbeat', async (live) => {
      await live.engine.heartbeatWorker(this.profile.id);
      simulation.world.count('worker heartbeat taken');
    });
  }
}
