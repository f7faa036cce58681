import type { LogChunkView } from '../../../src/engine/engine.js';
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
            const query = { id: run.id, jobKey: job.def.key, attempt: null, limit: null, after, tail: null };
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

  #check(run: ModelRun, job: ModelJob, after: string, chunks: readonly LogChunkView[]): void {
    const { world } = this.parts.simulation;
    let last = after === '' ? [-1, -1, 0] : placeOf(after);
    for (const chunk of chunks) {
      // What the server adds has no place of its own that a reader sees.
      const isSystem = chunk.systemLine !== null;
      const place = [chunk.attempt, chunk.sequence, streams[chunk.stream] ?? 0];
      if (!isSystem && !isAfter(place, last))
        world.violated('a log is in order', `${run.no}/${job.def.key} ${place} after ${last}`);
      if (!isSystem) last = place;
      // It stands where the last dropped chunk did.
      const isMark = chunk.missingBytes !== null;
      if (isMark) world.count('gap in a log followed');
      const isSent = job.attempts.some(({ number, lease, stop }) =>
        isSystem
          ? number === chunk.attempt && stop !== null
          : number === chunk.attempt && lease?.chunks.get(`${chunk.sequence}/${chunk.stream}`)?.texts.has(chunk.data),
      );
      const sent = isMark || isSent;
      if (!sent) world.violated('a log holds what was sent', `${run.no}/${job.def.key} ${place}: ${chunk.data}`);
    }
  }
}

/** In the order in which chunks of one sequence come; the last two are the server's own. */
const streams: Readonly<Record<string, number>> = { stdout: 1, stderr: 2, 'system-stop': 3, 'system-end': 4 };

function placeOf(position: string): number[] {
  const [attempt, sequence, stream] = position.split('.');
  return [Number(attempt), Number(sequence), streams[stream ?? ''] ?? 0];
}

function isAfter(a: readonly number[], b: readonly number[]): boolean {
  for (const [at, part] of a.entries()) if (part !== b[at]) return part > (b[at] ?? 0);
  return false;
}
