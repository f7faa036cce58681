import { DomainError } from '../../../src/domain/errors.js';
import { endStates } from '../model/states.js';
import { Client } from './client.js';
import type { Submitter } from './submitter.js';

/** Cancels runs, some of them twice or with force, by the run's id or its workflow's. */
export class Canceller extends Client {
  /** @param everyMsMax the longest pause between two cancels */
  async run(submitters: readonly Submitter[], untilMs: number, everyMsMax: number): Promise<void> {
    const { world } = this.parts.simulation;
    for (;;) {
      await this.sleep(everyMsMax / 20, everyMsMax);
      if (world.elapsedMs > untilMs) return;
      const ids = submitters.flatMap(({ started, workflows }) => [...started.slice(-3), ...workflows.slice(-1)]);
      if (ids.length === 0) continue;
      const id = this.random.pick(ids);
      await this.#cancel(id, this.random.chance(0.1));
      if (!this.random.chance(0.6)) continue;
      await this.sleep(0, 3_000);
      await this.#cancel(id, this.random.chance(0.6));
    }
  }

  async #cancel(id: string, force: boolean): Promise<void> {
    const { simulation } = this.parts;
    const { world, model } = simulation;
    const caller = { credential: simulation.hasCredentials ? this.name : null };
    const requestId = this.random.chance(0.5) ? `${this.name}/${simulation.unique()}` : null;
    const generations = new Map([...model.runs.values()].map((run) => [run.id, run.generation]));
    await this.insist(
      'cancel',
      async (live) => {
        simulation.cancelling.add(id);
        if (force) simulation.forced.add(id);
        const was = new Set([...model.runs.values()].filter((run) => run.cancelRequests > 0).map((run) => run.id));
        try {
          const { runId } = await live.engine.cancelRun({ caller, id, force, requestId });
          if (runId === '') return;
          world.count(was.has(runId) ? 'run cancelled again' : 'run cancelled');
          if (force) world.count('run cancelled with force');
          if (model.runs.get(runId)?.definition.isLarge) world.count('large run cancelled');
          // A re-run that came since has taken back the cancel of the request that is sent again.
          if (model.runs.get(runId)?.generation === generations.get(runId)) this.#checkCancelled(runId, force);
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

  /** After the answer nothing of the run continues but what survives a cancel; with force, nothing at all. */
  #checkCancelled(runId: string, force: boolean): void {
    const { world, model } = this.parts.simulation;
    const run = model.runs.get(runId);
    const { forced } = this.parts.simulation;
    const isForcedByGroup = run?.isForcedByGroup === true;
    const isForcedByServer = isForcedByGroup || run?.isForcedByTimeout === true;
    if (run?.isForced === true && !isForcedByServer && !forced.has(runId) && !forced.has(run.workflowId)) {
      world.violated('a cancel is forced only when a caller asks for it', runId);
    }
    if (run !== undefined && run.open === 0) return;
    if (run === undefined || run.cancelRequests === 0 || (force && !run.isForced)) {
      world.violated('a cancel is acknowledged after it is stored', runId);
      return;
    }
    const left = run.jobs.filter(
      (job) =>
        !endStates.has(job.state) && job.state !== 'open' && (force || job.def.condition?.survivesCancel !== true),
    );
    if (left.length > 0)
      world.violated('a cancel ends what has not begun', `${runId}: ${left[0]?.def.key} is ${left[0]?.state}`);
  }
}
