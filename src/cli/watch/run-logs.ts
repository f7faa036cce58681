import type { Client, Workflow } from '@workflow-graph/client';
import { LineSplitter, type LogLine } from './log-lines.js';
import { isTemporary } from './poll-run.js';

/** How many logs are followed at once; further jobs wait for their turn. */
const followedMax = 24;

/**
 * Follows the logs of all jobs of a run, each from its start to its end. A job's log is told after those of the jobs
 * that it needs, even when all of them were quick.
 */
export class RunLogs {
  readonly #client: Client;
  readonly #runId: string;
  readonly #tell: (line: LogLine) => void;
  readonly #stop = new AbortController();
  readonly #known = new Set<string>();
  readonly #waiting = new Map<string, readonly string[]>();
  readonly #following = new Map<string, Promise<void>>();
  #failure: unknown = null;

  constructor(client: Client, runId: string, tell: (line: LogLine) => void) {
    this.#client = client;
    this.#runId = runId;
    this.#tell = tell;
  }

  /** Begins with the jobs that have started since the last look. */
  update(workflow: Workflow): void {
    for (const job of workflow.jobs) {
      if (job.started_at === null || this.#known.has(job.id)) continue;
      this.#known.add(job.id);
      this.#waiting.set(job.id, job.depends_on);
    }
    this.#fill();
  }

  /** Whether all that the job has printed was told. True for a job that never started. */
  isComplete(jobId: string): boolean {
    return !this.#following.has(jobId) && !this.#waiting.has(jobId);
  }

  /** Waits until the logs of all jobs that have started are told to their ends. Throws what a log threw. */
  async complete(): Promise<void> {
    while (this.#following.size > 0) await Promise.race(this.#following.values());
    if (this.#failure !== null) throw this.#failure;
  }

  stop(): void {
    this.#waiting.clear();
    this.#stop.abort();
  }

  #fill(): void {
    for (const [jobId, needs] of this.#waiting) {
      if (this.#following.size >= followedMax) return;
      if (!needs.every((need) => this.isComplete(need))) continue;
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
  }

  async #follow(jobId: string): Promise<void> {
    for (;;) {
      const splitter = new LineSplitter();
      try {
        for await (const chunk of this.#client.followLogs(this.#runId, jobId, { signal: this.#stop.signal })) {
          for (const line of splitter.push(chunk)) this.#tell(line);
        }
        for (const line of splitter.end()) this.#tell(line);
        return;
      } catch (error) {
        // The client goes on by itself once it has a position; before that nothing was told, so it can begin again.
        if (this.#stop.signal.aborted || !isTemporary(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }
}
