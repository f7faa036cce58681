import type { Client } from '#client';
import { LineSplitter, type LogLine } from './log-lines.js';
import { MissingLogs } from './missing-logs.js';
import { isTemporary } from './poll-run.js';

/** Logs that are followed at once; further jobs wait for a place. */
const followedMax = 24;

/**
 * Follows the logs of the jobs of a run, each from its start to its end. `print` is awaited, so that a slow reader of
 * the output slows down the reading of the logs.
 */
export class RunLogs {
  readonly #client: Client;
  readonly #runId: string;
  readonly #print: (line: LogLine) => Promise<void>;
  /** The logs that the server had to cut. */
  readonly missing = new MissingLogs();
  readonly #tails = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #known = new Set<string>();
  readonly #waiting = new Map<string, readonly string[]>();
  readonly #following = new Map<string, Promise<void>>();
  #failure: unknown = null;

  constructor(client: Client, runId: string, print: (line: LogLine) => Promise<void>) {
    this.#client = client;
    this.#runId = runId;
    this.#print = print;
  }

  /**
   * Starts with the log of a job that has started, once for each job, and after the logs of the jobs `after`; with
   * `tail` only with that many of its last lines.
   */
  begin(jobId: string, after: readonly string[] = [], tail?: number): void {
    if (this.#known.has(jobId)) return;
    this.#known.add(jobId);
    if (tail !== undefined) this.#tails.set(jobId, tail);
    this.#waiting.set(jobId, after);
    this.#fill();
  }

  /** Resolves when all output of a job is printed. Only for a job that has ended. */
  async complete(jobId: string): Promise<void> {
    // The log of an ended job does not wait for a place among those of jobs that run for hours.
    if (this.#waiting.has(jobId)) this.#start(jobId);
    await this.#following.get(jobId);
    this.#throwFailure();
  }

  /** Resolves when the logs of all jobs are printed. Throws the error of a log. */
  async completeAll(): Promise<void> {
    while (this.#following.size > 0) await Promise.race(this.#following.values());
    this.#throwFailure();
  }

  stop(): void {
    this.#waiting.clear();
    this.#stop.abort();
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #fill(): void {
    for (const [jobId, after] of this.#waiting) {
      if (this.#following.size >= followedMax) return;
      if (after.every((id) => !this.#following.has(id) && !this.#waiting.has(id))) this.#start(jobId);
    }
  }

  #start(jobId: string): void {
    this.#waiting.delete(jobId);
    const following = this.#follow(jobId)
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#failure ??= error;
      })
      .finally(() => {
        this.#following.delete(jobId);
        this.#fill();
      });
    this.#following.set(jobId, following);
  }

  async #follow(jobId: string): Promise<void> {
    for (;;) {
      const splitter = new LineSplitter();
      try {
        const tail = this.#tails.get(jobId);
        const options = { ...(tail === undefined ? {} : { tail }), signal: this.#stop.signal };
        for await (const chunk of this.#client.followLogs(this.#runId, jobId, options)) {
          this.missing.note(chunk);
          for (const line of splitter.push(chunk)) await this.#print(line);
        }
        for (const line of splitter.end()) await this.#print(line);
        return;
      } catch (error) {
        // The client resumes by itself once it has a position. Before that nothing was printed, so it can start again.
        if (this.#stop.signal.aborted || !isTemporary(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }
}
