import { DomainError } from '../../../src/domain/errors.js';
import { endStates } from '../model/states.js';
import { Client } from './client.js';
import type { Submitter } from './submitter.js';

/** Cancels runs, some of them twice, by the run's id or its workflow's. */
export class Canceller extends Client {
  /** @param everyMsMax how long it rests at the most */
  async run(submitters: readonly Submitter[], untilMs: number, everyMsMax: number): Promise<void> {
    const { world } = this.parts.simulation;
    for (;;) {
      await this.sleep(everyMsMax / 20, everyMsMax);
      if (world.elapsedMs > untilMs) return;
      const ids = submitters.flatMap(({ started, workflows }) => [...started.slice(-3), ...workflows.slice(-1)]);
      if (ids.length === 0) continue;
      const id = this.random.pick(ids);
      await this.#cancel(id);
      if (!this.random.chance(0.4)) continue;
      await this.sleep(0, 3_000);
      await this.#cancel(id);
    }
  }

  async #cancel(id: string): Promise<void> {
    const { simulation } = this.parts;
    const { world, model } = simulation;
    const caller = { credential: simulation.hasCredentials ? this.name : null };
    await this.insist(
      'cancel',
      async (live) => {
        simulation.cancelling.add(id);
        const was = new Set([...model.runs.values()].filter((run) => run.cancelRequests > 0).map((run) => run.id));
        try {
          const { runId } = await live.engine.cancelRun(caller, id);
          world.count(was.has(runId) ? 'run cancelled again' : 'run cancelled');
          if (model.runs.get(runId)?.definition.isLarge) world.count('large run cancelled');
          this.#checkCancelled(runId, was.has(runId));
        } catch (error) {
          const isUnknown = error instanceof DomainError && error.code === 'not_found';
          if (!isUnknown) simulation.expectInjected('a cancel', error);
          else if (model.runs.has(id)) world.violated('a run that was started is there', id);
          throw error;
        } finally {
          simulation.cancelling.delete(id);
        }
      },
      3,
    );
  }

  /** After the answer nothing of the run goes on but what outlives a cancel; after a second one, nothing at all. */
  #checkCancelled(runId: string, again: boolean): void {
    const { world, model } = this.parts.simulation;
    const run = model.runs.get(runId);
    if (run === undefined || run.cancelRequests === 0) {
      world.violated('a cancel is acknowledged after it is stored', runId);
      return;
    }
    const left = run.jobs.filter(
      (job) => !endStates.has(job.state) && (again || job.def.condition?.survivesCancel !== true),
    );
    if (left.length > 0)
      world.violated('a cancel ends what has not begun', `${runId}: ${left[0]?.def.key} is ${left[0]?.state}`);
  }
}
