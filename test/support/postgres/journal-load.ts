import type { ClaimedJob } from '../../../src/engine/engine.js';
import { caller, claim, type Engines } from './engines.js';

/** The responses that clients received. A failed call is not in it, although it may have taken effect. */
export interface Journal {
  /** Runs whose start was acknowledged. */
  readonly runs: Set<string>;
  /** How often each attempt was handed out, by `run/job/attempt`. */
  readonly claimed: Map<string, number>;
  /** Attempts whose report was acknowledged. */
  readonly completed: Set<string>;
  /** The number of calls that were answered with "retry later". */
  refused: number;
}

/**
 * Clients that never give up: they start runs, claim and report, each call at the next server, and retry a failed call
 * as the protocol requires.
 */
export class JournalLoad {
  readonly journal: Journal = { runs: new Set(), claimed: new Map(), completed: new Set(), refused: 0 };
  readonly #engines: Engines;
  readonly #producers: Promise<void>[] = [];
  readonly #workers: Promise<void>[] = [];
  #turn = 0;
  #producing = true;
  #working = true;
  #lastRequest = 0;

  constructor(engines: Engines) {
    this.#engines = engines;
  }

  start(workflow: string, producers: number, workers: number): void {
    for (let at = 0; at < producers; at++) this.#producers.push(this.#produce(workflow));
    for (let at = 0; at < workers; at++) this.#workers.push(this.#work(`w${at}`));
  }

  /**
   * Ends the production of runs, then the work once `isOver` returns true. A start in progress counts, so `isOver` is
   * called after it.
   */
  async finish(isOver: () => Promise<boolean>): Promise<void> {
    this.#producing = false;
    await Promise.all(this.#producers);
    while (!(await isOver())) await pause(50);
    this.#working = false;
    await Promise.all(this.#workers);
  }

  async #produce(workflow: string): Promise<void> {
    while (this.#producing) {
      const requestId = `start-${++this.#lastRequest}`;
      const started = await this.#untilTold((engine) =>
        engine.startRun({ caller, id: workflow, inputs: new Map(), requestId }),
      );
      this.journal.runs.add(started.runId);
      await pause(20);
    }
  }

  async #work(workerId: string): Promise<void> {
    while (this.#working) {
      const jobs = await this.#untilTold((engine) =>
        claim(engine, { workerId, waitMs: 100, maxJobs: 3, leaseTtlSecs: 5 }),
      );
      for (const job of jobs) await this.#run(job);
    }
  }

  async #run(job: ClaimedJob): Promise<void> {
    const key = `${job.runId}/${job.jobKey}/${job.attempt}`;
    this.journal.claimed.set(key, (this.journal.claimed.get(key) ?? 0) + 1);
    try {
      await this.#untilTold((engine) => engine.completeJob(caller, job.leaseId, new Map([['by', key]])));
      this.journal.completed.add(key);
    } catch (error) {
      // The lease expired during the database outage: another attempt holds the job.
      if ((error as { code?: string }).code !== 'conflict') throw error;
    }
  }

  /** Sends a call to one server after another until one answers with anything but "retry later". */
  async #untilTold<T>(call: (engine: ReturnType<Engines['at']>['engine']) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call(this.#engines.at(this.#turn++).engine);
      } catch (error) {
        if ((error as { code?: string }).code !== 'unavailable') throw error;
        this.journal.refused += 1;
        await pause(50);
      }
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
