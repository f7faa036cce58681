import { DomainError } from '../../../src/domain/errors.js';
import type { RerunAnswer, RerunRun } from '../../../src/engine/engine.js';
import { endStates, type ModelRun } from '../model/states.js';
import { Client } from './client.js';

type Choice = Pick<RerunRun, 'failed' | 'jobs' | 'dependants' | 'force'>;

/** Runs parts of runs again: what failed, or some jobs, with what needs them or without, in live runs and ended ones. */
export class Rerunner extends Client {
  /** @param everyMsMax the longest pause between two re-runs */
  async run(untilMs: number, everyMsMax: number): Promise<void> {
    const { world, model } = this.parts.simulation;
    for (;;) {
      await this.sleep(everyMsMax / 20, everyMsMax);
      if (world.elapsedMs > untilMs) return;
      const runs = [...model.runs.values()];
      if (runs.length === 0) continue;
      // Soon after a cancel its jobs still stop.
      const cancelled = runs.filter(({ cancelRequests }) => cancelRequests > 0);
      const run = this.random.pick(
        cancelled.length > 0 && this.random.chance(0.4) ? cancelled.slice(-2) : runs.slice(-4),
      );
      const choice = this.#choose(run);
      if (this.random.chance(0.3)) await this.#try(run, choice);
      else await this.#rerun(run, choice);
    }
  }

  #choose(run: ModelRun): Choice {
    const dependants = this.random.chance(endStates.has(run.state) ? 0.7 : 0.4);
    const force = this.random.chance(0.15);
    if (this.random.chance(0.4)) return { failed: true, jobs: [], dependants, force };
    const children = run.jobs.flatMap((node) => node.children.slice(0, 20)).filter(({ isMade }) => isMade);
    const jobs = children.length > 0 && this.random.chance(0.6) ? children : run.jobs;
    const named = Array.from({ length: this.random.within(1, 3) }, () => this.random.pick(jobs).def.key);
    return { failed: false, jobs: named, dependants, force };
  }

  /** Asks what would happen: every job of the run is answered for, and nothing changes, as the model sees. */
  async #try(run: ModelRun, choice: Choice): Promise<void> {
    const { world } = this.parts.simulation;
    await this.call('dry run', async (live) => {
      const before = run.generation;
      const answer = await this.#ask(run, choice, () => live.engine.rerunRun(this.#input(run, choice, null, true)));
      world.count('re-run tried');
      this.#checkTried(run, answer);
      if (run.generation === before && answer.generation !== before + 1)
        world.violated('a dry run names the generation', `${answer.generation} after ${before}`);
    });
  }

  /** Every job is named once; for one with a matrix that is opened again those of its children that run again are. */
  #checkTried(run: ModelRun, { again, kept, skipped }: RerunAnswer): void {
    const { world } = this.parts.simulation;
    const views = [again, kept, skipped];
    if (views.some(({ jobs, count }) => jobs.length < count)) return;
    const named = views.flatMap(({ jobs }) => jobs.map(({ jobKey }) => jobKey));
    const nodes = new Set(named.filter((key) => key.includes('.')).map((key) => key.split('.')[0]));
    const wanted = run.jobs.map(({ def }) => def.key).filter((key) => !nodes.has(key));
    const whole = named.filter((key) => !key.includes('.'));
    if (whole.sort().join() !== wanted.sort().join()) {
      world.violated('a dry run names every job', `${run.id}: ${whole}, not ${wanted}`);
    }
  }

  /** Asks for it, again under the same id while the answer is lost; each request makes one generation. */
  async #rerun(run: ModelRun, choice: Choice): Promise<void> {
    const { simulation } = this.parts;
    const requestId = this.random.chance(0.8) ? `${this.name}/${simulation.unique()}` : null;
    if (choice.force) simulation.model.forcedReruns.add(run.id);
    const generations = new Set<number>();
    await this.insist(
      'rerun',
      async (live) => {
        const answer = await this.#ask(run, choice, () =>
          live.engine.rerunRun(this.#input(run, choice, requestId, false)),
        );
        this.#check(run, choice, answer);
        generations.add(answer.generation);
        if (requestId !== null && generations.size > 1)
          simulation.world.violated('a repeated re-run gets the first answer', `${run.id}: ${[...generations]}`);
      },
      requestId === null ? 1 : 6,
    );
  }

  #check(run: ModelRun, choice: Choice, { generation, again }: RerunAnswer): void {
    const { world } = this.parts.simulation;
    if (run.generation < generation) world.violated('a re-run is acknowledged after it is stored', run.id);
    const named = new Set(again.jobs.map(({ jobKey }) => jobKey));
    const missing = choice.jobs.filter((key) => !named.has(key) && !named.has(key.split('.')[0] ?? ''));
    if (missing.length > 0 && again.count === again.jobs.length)
      world.violated('a re-run is of the jobs that were asked for', `${run.id}: without ${missing.join()}`);
  }

  #input(run: ModelRun, choice: Choice, requestId: string | null, dryRun: boolean): RerunRun {
    const credential = this.parts.simulation.hasCredentials ? this.name : null;
    return { caller: { credential }, id: run.id, ...choice, requestId, dryRun };
  }

  /** A refusal says why the run cannot be re-run as it is now; a run that is there is found. */
  async #ask(run: ModelRun, choice: Choice, ask: () => Promise<RerunAnswer>): Promise<RerunAnswer> {
    const { simulation } = this.parts;
    try {
      return await ask();
    } catch (error) {
      const isOf = (code: string) => error instanceof DomainError && error.code === code;
      // A re-run of its node takes a child away.
      const hasChild = choice.jobs.some((key) => key.includes('.'));
      if (isOf('conflict')) simulation.world.count('re-run refused');
      else if (isOf('not_found') && hasChild) simulation.world.count('re-run of a child that is gone');
      else simulation.expectInjected(`a re-run of ${run.id}`, error);
      throw error;
    }
  }
}
