import { DomainError } from '../../../src/domain/errors.js';
import type { PauseSubject } from '../../../src/engine/engine.js';
import { allLabels } from '../model/definitions.js';
import { endStates } from '../model/states.js';
import type { LiveServer } from '../sim-server.js';
import { Client } from './client.js';
import type { Submitter } from './submitter.js';

/** Pauses workflows, runs and labels, and resumes them; all of them when the faults have ended. */
export class Pauser extends Client {
  async run(submitters: readonly Submitter[], untilMs: number): Promise<void> {
    const { world, model } = this.parts.simulation;
    while (world.elapsedMs <= untilMs) {
      await this.sleep(300, 5_000);
      const paused = model.pauses.list();
      if (paused.length > 0 && this.random.chance(0.25 + 0.15 * paused.length)) {
        await this.#resume(this.random.pick(paused));
      } else {
        const subject = this.#choose(submitters);
        if (subject !== null) await this.#pause(subject);
      }
    }
    await this.#resumeAll();
  }

  #choose(submitters: readonly Submitter[]): PauseSubject | null {
    const { model } = this.parts.simulation;
    const kind = this.random.pick(['run', 'run', 'run', 'workflow', 'label'] as const);
    if (kind === 'label') return { kind, subject: this.random.pick(allLabels) };
    const live = [...model.runs.values()].filter(({ state }) => !endStates.has(state)).map(({ id }) => id);
    const subjects = kind === 'run' ? live.slice(-3) : submitters.flatMap(({ workflows }) => workflows.slice(-1));
    return subjects.length === 0 ? null : { kind, subject: this.random.pick(subjects) };
  }

  async #pause({ kind, subject }: PauseSubject): Promise<void> {
    const { model, world } = this.parts.simulation;
    const input = { caller: this.#caller, kind, subject, reason: this.random.pick(['', 'a reason']) };
    await this.insist(
      'pause',
      (live) =>
        this.#judged(kind, async () => {
          const view = await live.engine.pause(input);
          if (view.kind !== kind || view.subject !== subject) world.violated('a pause is of what was asked', subject);
          model.pauses.acknowledge(kind, subject);
        }),
      3,
    );
  }

  async #resume({ kind, subject }: PauseSubject): Promise<void> {
    await this.insist('resume', (live) => this.#resumeAt(live, { kind, subject }), 3);
  }

  async #resumeAt(live: LiveServer, { kind, subject }: PauseSubject): Promise<void> {
    const { model } = this.parts.simulation;
    const answered = model.pauses.resuming(kind, subject);
    try {
      await this.#judged(kind, () => live.engine.resume({ caller: this.#caller, kind, subject }));
    } finally {
      answered();
    }
  }

  /** Also what a request that came very late has paused since. */
  async #resumeAll(): Promise<void> {
    const { model } = this.parts.simulation;
    for (;;) {
      for (const pause of model.pauses.list()) await this.#resume(pause);
      await this.sleep(500, 3_000);
    }
  }

  async #judged(kind: string, ask: () => Promise<void>): Promise<void> {
    const { simulation } = this.parts;
    try {
      await ask();
    } catch (error) {
      const code = error instanceof DomainError ? error.code : null;
      // A run may have ended, and a pause may be over when it is read.
      const isLate = code === 'conflict';
      if (!isLate) simulation.expectInjected(`a pause of a ${kind}`, error);
      throw error;
    }
  }

  get #caller() {
    return { credential: this.parts.simulation.hasCredentials ? this.name : null };
  }
}
