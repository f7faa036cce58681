import type { WatchBatch } from '../../../src/engine/engine.js';
import { replay } from '../model/replay.js';
import type { ModelRun } from '../model/states.js';
import type { SimServer } from '../sim-server.js';
import { Client } from './client.js';

/** Follows the changes of one run, or of all, over broken connections, and wants each exactly once and in order. */
export class Watcher extends Client {
  #isDone = false;

  get isDone(): boolean {
    return this.#isDone;
  }

  async run(run: ModelRun | null): Promise<void> {
    let after: number | null = this.random.chance(0.5) ? null : (run?.events[0] ?? 1) - 1;
    for (;;) {
      const { simulation, network } = this.parts;
      await this.sleep(network.delayMs(), 500 + network.delayMs());
      const from: number | null = after;
      const end = await this.#follow(simulation.anyServer(), run, from, (last) => {
        after = last;
      });
      if (end === 'over') break;
      if (after !== null) simulation.world.count('watch resumed');
    }
    this.#isDone = true;
    this.parts.simulation.world.count('watch followed to its end');
  }

  /** One connection. What it was told counts up to the last batch that came over. */
  async #follow(
    server: SimServer,
    run: ModelRun | null,
    after: number | null,
    told: (last: number) => void,
  ): Promise<'over' | 'broken'> {
    const { simulation } = this.parts;
    const { world } = simulation;
    const { live } = server;
    if (live === null || live.isStopping) return 'broken';
    const controller = new AbortController();
    return new Promise((resolve) => {
      let isOpen = true;
      const close = (how: 'over' | 'broken') => {
        if (!isOpen) return;
        isOpen = false;
        world.after(0, live.process, 'watch closed', () => controller.abort());
        world.after(this.parts.network.delayMs(), this.process, `watch ${how}`, () => resolve(how));
      };
      live.process.onDeath(() => close('broken'));
      if (!simulation.isHealing)
        world.after(this.random.within(500, 20_000), null, 'watch breaks', () => close('broken'));
      void (async () => {
        let last = after;
        try {
          const batches = live.engine.watchRuns({ id: run?.id ?? '', afterEvent: after }, controller.signal);
          for await (const batch of batches) {
            if (!isOpen) return;
            this.#check(run, batch, last);
            last = batch.lastEvent;
            told(last);
            world.count('watch batch');
          }
          close(controller.signal.aborted ? 'broken' : 'over');
        } catch (error) {
          simulation.expectInjected('a watch', error);
          close('broken');
        }
      })();
    });
  }

  #check(run: ModelRun | null, batch: WatchBatch, after: number | null): void {
    const { world, model } = this.parts.simulation;
    if (batch.snapshot.length > 0 || after === null) {
      if (run !== null) this.#checkSnapshot(run, batch);
      return;
    }
    const right = (run?.events ?? model.events.map(({ number }) => number)).filter(
      (number) => number > after && number <= batch.lastEvent,
    );
    const told = batch.events.map(({ number }) => number);
    if (told.join() !== right.join()) {
      world.violated('a watch tells each change once, in order', `after ${after}: ${told.join()}, not ${right.join()}`);
    }
    for (const event of batch.events) {
      const stored = model.events[event.number - 1];
      if (stored?.type !== event.type || stored.at_ms !== event.atMs || stored.attempt !== event.attempt) {
        world.violated('a watch tells what happened', `event ${event.number}: ${event.type}, not ${stored?.type}`);
      }
    }
  }

  #checkSnapshot(run: ModelRun, batch: WatchBatch): void {
    const { world, model } = this.parts.simulation;
    if (run.definition.isLarge) return;
    const right = replay(run, model.events, batch.lastEvent);
    const told = batch.snapshot[0]?.jobs.map(({ status }) => status) ?? [];
    world.count('snapshot compared');
    if (told.join() !== right.join()) {
      world.violated(
        'a snapshot shows the events up to its number',
        `${told.join()} at ${batch.lastEvent}, not ${right.join()}`,
      );
    }
  }
}
