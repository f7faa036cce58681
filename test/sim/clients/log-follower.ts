import type { ModelJob, ModelRun } from '../model/states.js';
import { Client } from './client.js';

/** Follows the log of one job from where it was, over broken connections: each chunk once and in order, to the job's end. */
export class LogFollower extends Client {
  #isDone = false;

  get isDone(): boolean {
    return this.#isDone;
  }

  async run(run: ModelRun, job: ModelJob): Promise<void> {
    let after = '';
    let isOver = false;
    while (!isOver) {
      const { simulation, network } = this.parts;
      await this.sleep(network.delayMs(), 500 + network.delayMs());
      const { live } = simulation.anyServer();
      if (live === null || live.isStopping) continue;
      const controller = new AbortController();
      isOver = await new Promise<boolean>((resolve) => {
        let isOpen = true;
        const close = (over: boolean) => {
          if (!isOpen) return;
          isOpen = false;
          simulation.world.after(0, live.process, 'log closed', () => controller.abort());
          simulation.world.after(network.delayMs(), this.process, 'log ended', () => resolve(over));
        };
        live.process.onDeath(() => close(false));
        if (!simulation.isHealing)
          simulation.world.after(this.random.within(500, 20_000), null, 'log breaks', () => close(false));
        void (async () => {
          try {
            const query = { id: run.id, jobKey: job.def.key, attempt: null, limit: null, after };
            for await (const batch of live.engine.followJobLogs(query, controller.signal)) {
              if (!isOpen) return;
              this.#check(run, job, after, batch.chunks);
              after = batch.position;
              simulation.world.count('log batch followed');
            }
            close(!controller.signal.aborted);
          } catch (error) {
            simulation.expectInjected('following a log', error);
            close(false);
          }
        })();
      });
    }
    this.#isDone = true;
    this.parts.simulation.world.count('log followed to its end');
  }

  #check(
    run: ModelRun,
    job: ModelJob,
    after: string,
    chunks: readonly { attempt: number; sequence: number; stream: string; data: string }[],
  ): void {
    const { world } = this.parts.simulation;
    let last = after === '' ? [-1, -1, 0] : placeOf(after);
    for (const chunk of chunks) {
      const place = [chunk.attempt, chunk.sequence, chunk.stream === 'stderr' ? 2 : 1];
      if (!isAfter(place, last)) world.violated('a log is in order', `${run.no}/${job.def.key} ${place} after ${last}`);
      last = place;
      const sent = job.attempts.some(
        ({ number, lease }) =>
          number === chunk.attempt && lease?.chunks.get(`${chunk.sequence}/${chunk.stream}`)?.texts.has(chunk.data),
      );
      if (!sent) world.violated('a log holds what was sent', `${run.no}/${job.def.key} ${place}: ${chunk.data}`);
    }
  }
}

function placeOf(position: string): number[] {
  const [attempt, sequence, stream] = position.split('.');
  return [Number(attempt), Number(sequence), stream === 'stderr' ? 2 : 1];
}

function isAfter(a: readonly number[], b: readonly number[]): boolean {
  for (const [at, part] of a.entries()) if (part !== b[at]) return part > (b[at] ?? 0);
  return false;
}
