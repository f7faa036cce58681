import { errorText, ServerUnreachableError, WorkflowGraphError } from '../errors.js';
import type { WorkerLogger } from './events.js';

/** Tracks whether the server is reachable, and logs each change once, whichever loop of the worker detects it. */
export class ServerPresence {
  readonly #serverUrl: string;
  readonly #logger: WorkerLogger;
  #awaySince: number | null = null;

  constructor(serverUrl: string, logger: WorkerLogger) {
    this.#serverUrl = serverUrl;
    this.#logger = logger;
  }

  away(error: unknown): void {
    if (this.#awaySince !== null) return;
    this.#awaySince = performance.now();
    this.#logger({ type: 'server-away', serverUrl: this.#serverUrl, code: codeOf(error) });
  }

  back(): void {
    if (this.#awaySince === null) return;
    const awayMs = performance.now() - this.#awaySince;
    this.#awaySince = null;
    this.#logger({ type: 'server-back', serverUrl: this.#serverUrl, awayMs });
  }
}

function codeOf(error: unknown): string {
  if (error instanceof ServerUnreachableError) return error.code;
  if (error instanceof WorkflowGraphError) return `HTTP ${error.status}`;
  return typeof error === 'string' ? error : errorText(error);
}
