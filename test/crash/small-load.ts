import { randomUUID } from 'node:crypto';
import type { Api } from '../support/api.js';
import { runningTime, scaled } from '../support/machine.js';
import { patienceMs } from '../support/until.js';
import { answered, pause } from './calls.js';
import { definitions } from './definitions.js';
import { work } from './http-worker.js';
import { Journal } from './journal.js';
import { type Load, read } from './load.js';
import type { Random } from './random.js';

/** A few runs, two workers and a reader, which continue through all faults of the server until everything is done. */
export class SmallLoad {
  readonly journal = new Journal();
  readonly #load: Load;
  readonly #clients: Promise<void>[];
  readonly #random: Random;

  constructor(api: Api, random: Random) {
    this.#random = random;
    this.#load = { api, journal: this.journal, submitting: true, openRuns: 0, working: true };
    this.#clients = [
      work(this.#load, 'one', random.fork()),
      work(this.#load, 'two', random.fork()),
      read(this.#load, random.fork()),
    ];
  }

  /** Defines a workflow and starts some runs of it. */
  async submit(runs: number): Promise<void> {
    const { api, journal } = this.#load;
    const name = this.#random.pick(['chain', 'diamond', 'conditions'] as const);
    const defined = await answered(() => api.post('/api/workflows', { name, jobs: definitions[name] }));
    const { id } = defined.body as { id: string };
    for (let i = 0; i < runs; i++) {
      const request = randomUUID();
      const started = await answered(() => api.post(`/api/workflows/${id}/run`, { request_id: request }));
      if (started.status === 202) journal.started(request, (started.body as { run_id: string }).run_id);
      else journal.contradictions.push(`a run was answered ${started.status}: ${JSON.stringify(started.body)}`);
    }
  }

  /** Waits until all runs have ended, and stops the clients. */
  async end(): Promise<void> {
    const giveUpAt = runningTime() + scaled(patienceMs);
    while ((await this.#openRuns()) > 0) {
      if (runningTime() > giveUpAt) {
        this.journal.contradictions.push(`runs have not ended after ${patienceMs / 1000} s`);
        break;
      }
      await pause(25);
    }
    this.#load.working = false;
    await Promise.all(this.#clients);
  }

  async #openRuns(): Promise<number> {
    const { api } = this.#load;
    let open = 0;
    for (const state of ['queued', 'running']) {
      const { body } = await answered(() => api.get(`/api/runs?limit=1&state=${state}`));
      open += (body as { runs: unknown[] }).runs.length;
    }
    return open;
  }
}
