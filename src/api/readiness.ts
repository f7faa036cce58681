import type { Engine } from '../engine/engine.js';

export interface ReadinessAnswer {
  readonly ready: boolean;
  /** Why not; empty when it is. */
  readonly reason: string;
}

/** Whether this server can serve: its engine can, and the server is not stopping. */
export class Readiness {
  readonly #engine: Pick<Engine, 'ready'>;
  readonly #stopping: AbortSignal;

  constructor(engine: Pick<Engine, 'ready'>, stopping: AbortSignal) {
    this.#engine = engine;
    this.#stopping = stopping;
  }

  async check(): Promise<ReadinessAnswer> {
    if (this.#stopping.aborted) return { ready: false, reason: 'the server is stopping' };
    try {
      return await this.#engine.ready();
    } catch {
      return { ready: false, reason: 'the engine does not answer' };
    }
  }
}
