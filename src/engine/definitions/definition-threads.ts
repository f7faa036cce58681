import { Worker } from 'node:worker_threads';
import { DomainError } from '../../domain/errors.js';
import { threadEntry } from '../../thread-entry.js';
import type { DefinitionGraphResult } from './definition-graph.js';
import type { DefinitionRowsResult } from './definition-rows.js';
import type { DefinitionTask, ThreadTask } from './definition-thread.js';
import { definitionLimits } from './limits.js';

interface Waiting {
  start(): void;
}

/** Threads that check large definitions: a few at once, the others in the order of their arrival. */
export class DefinitionThreads {
  readonly #waiting: Waiting[] = [];
  #running = 0;

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * @param signal aborted when the result is no longer needed: the check leaves the queue, or its thread ends
   *
   * Errors: `unavailable` when too many wait, or when the check was cancelled.
   */
  check(task: DefinitionTask, signal: AbortSignal | null = null): Promise<DefinitionRowsResult> {
    return this.#run({ ...task, make: 'rows' }, signal);
  }

  /** As `check`, for the graph instead of the rows. */
  graph(task: DefinitionTask, signal: AbortSignal | null): Promise<DefinitionGraphResult> {
    return this.#run({ ...task, make: 'graph' }, signal);
  }

  async #run<Result>(task: ThreadTask, signal: AbortSignal | null): Promise<Result> {
    if (signal?.aborted) throw cancelled();
    if (this.#running >= definitionLimits.threads) await this.#turn(signal);
    else this.#running += 1;
    try {
      return await inThread<Result>(task, signal);
    } finally {
      // The next check takes over this one's thread slot.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next.start();
    }
  }

  #turn(signal: AbortSignal | null): Promise<void> {
    if (this.#waiting.length >= definitionLimits.waitingChecks) {
      throw new DomainError('unavailable', 'Too many large definitions are being checked. Try again.');
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        start() {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(cancelled());
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
    });
  }
}

function inThread<Result>(task: ThreadTask, signal: AbortSignal | null): Promise<Result> {
  return new Promise<Result>((resolve, reject) => {
    const thread = new Worker(threadEntry(import.meta.url, './definition-thread.js'), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: 2_048 },
    });
    const end = () => {
      reject(cancelled());
      void thread.terminate();
    };
    signal?.addEventListener('abort', end, { once: true });
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => {
      signal?.removeEventListener('abort', end);
      reject(new Error(`the parsing thread ended with code ${code}`));
    });
  });
}

function cancelled(): DomainError {
  return new DomainError(
    'unavailable',
    'The check of the definition was cancelled: its caller has disconnected, or the server is stopping.',
  );
}
