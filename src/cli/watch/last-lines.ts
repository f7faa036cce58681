import type { Client, Job } from '#client';
import { LineSplitter, type LogLine } from './log-lines.js';

/** Logs that are followed at once for their last lines. */
const followedMax = 16;

/** Keeps the last output line of the running visible jobs. */
export class LastLines {
  readonly #client: Client;
  readonly #runId: string;
  readonly #followed = new Map<string, { readonly attempt: number; readonly stop: AbortController }>();
  readonly #lines = new Map<string, string>();

  constructor(client: Client, runId: string) {
    this.#client = client;
    this.#runId = runId;
  }

  /** The last line of the job's current attempt that is not blank; empty when there is none. */
  of(jobId: string): string {
    return this.#lines.get(jobId) ?? '';
  }

  /** Follows these jobs, and no others. */
  follow(jobs: readonly Pick<Job, 'id' | 'attempt'>[]): void {
    const wanted = new Map(jobs.slice(0, followedMax).map((job) => [job.id, job.attempt]));
    for (const [id, { attempt, stop }] of this.#followed) {
      if (wanted.get(id) === attempt) continue;
      stop.abort();
      this.#followed.delete(id);
      this.#lines.delete(id);
    }
    for (const [id, attempt] of wanted) {
      if (this.#followed.has(id)) continue;
      const stop = new AbortController();
      this.#followed.set(id, { attempt, stop });
      void this.#read(id, attempt, stop.signal);
    }
  }

  stop(): void {
    this.follow([]);
  }

  /** A log that cannot be read shows no line: the state of the job does not depend on it. */
  async #read(jobId: string, attempt: number, signal: AbortSignal): Promise<void> {
    const splitter = new LineSplitter();
    const note = (line: LogLine | null) => {
      if (line !== null && line.text.trim() !== '' && !signal.aborted) this.#lines.set(jobId, line.text.trim());
    };
    try {
      for await (const chunk of this.#client.followLogs(this.#runId, jobId, { attempt, signal })) {
        for (const line of splitter.push(chunk)) note(line);
        note(splitter.unfinished);
      }
    } catch {
      // Also thrown when following was stopped.
    }
  }
}

/** The last stored lines of one attempt. */
export async function readLastLines(
  client: Client,
  runId: string,
  jobId: string,
  { count, ...part }: { readonly attempt?: number; readonly count: number },
): Promise<readonly LogLine[]> {
  const splitter = new LineSplitter();
  let last: LogLine[] = [];
  const keep = (lines: readonly LogLine[]) => {
    last = [...last, ...lines].slice(-count);
  };
  for await (const chunk of storedChunks(client, runId, jobId, { ...part, tail: count })) keep(splitter.push(chunk));
  keep(splitter.end());
  return last;
}

/** Chunks of one call. */
const pageChunks = 1_000;

/** All stored chunks, in order, or those of the last lines. */
export async function* storedChunks(
  client: Client,
  runId: string,
  jobId: string,
  part: { readonly attempt?: number; readonly tail?: number },
) {
  if (part.tail !== undefined) {
    // In one answer, which the server bounds: a second page would not know where the last lines of each stream begin.
    yield* await client.logs(runId, jobId, part);
    return;
  }
  let page = await client.logs(runId, jobId, { limit: pageChunks, ...part });
  for (;;) {
    yield* page;
    const after = page.at(-1);
    if (after === undefined || page.length < pageChunks) return;
    page = await client.logs(runId, jobId, {
      limit: pageChunks,
      after,
      ...part,
    });
  }
}
