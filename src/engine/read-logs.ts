import { DomainError, notFound } from '../domain/errors.js';
import { hasEnded } from '../domain/states.js';
import { jobByKey } from '../store/statements/jobs.js';
import { logPage } from '../store/statements/logs.js';
import type { RunRow } from '../store/statements/runs.js';
import { findRun } from './cancel-run.js';
import { Changes } from './changes.js';
import type { EngineContext } from './context.js';
import type { LogBatch, LogChunkView, LogQuery } from './engine.js';
import { jobTopic } from './topics.js';

/** How many chunks are read at once. */
const pageChunks = 500;
/** So many for one who follows, and keeps them in memory until they are taken: a few MiB of the largest that workers send. */
const followedChunks = 50;

interface Position {
  readonly attempt: number;
  readonly sequence: number;
  readonly stream: number;
}

/** Reading the logs of jobs, and whether a job was cancelled. */
export function logVerbs(context: EngineContext) {
  const { store } = context;

  async function findJob(id: string, key: string) {
    const run = await findRun(context, id);
    const [job] = await jobByKey.run(store.read, { run: run.no, version: run.version, key });
    if (job === undefined) throw notFound(`job ${JSON.stringify(key)} of run ${run.id}`);
    return { run, job };
  }

  async function readPage(run: RunRow, job: number, query: LogQuery, after: Position, limit: number) {
    const rows = await logPage.run(store.longRead, {
      job,
      ...after,
      lastAttempt: query.attempt ?? Number.MAX_SAFE_INTEGER,
      limit,
    });
    return rows.map(
      (row): LogChunkView => ({
        runId: run.id,
        jobKey: query.jobKey,
        sequence: row.sequence,
        data: row.data,
        timestampMs: row.at_ms,
        stream: row.stream === 1 ? 'stdout' : 'stderr',
        attempt: row.attempt,
      }),
    );
  }

  return {
    /** Errors: `not_found`. */
    async isJobCancelled(id: string, jobKey: string): Promise<boolean> {
      return (await findJob(id, jobKey)).job.state === 'cancelled';
    },

    /** Errors: `not_found`; `malformed` for a position that is none. */
    async jobLogs(query: LogQuery): Promise<LogChunkView[]> {
      const { run, job } = await findJob(query.id, query.jobKey);
      const chunks: LogChunkView[] = [];
      let after = startOf(query);
      for (;;) {
        const limit = Math.min(pageChunks, (query.limit ?? Number.POSITIVE_INFINITY) - chunks.length);
        const page = limit > 0 ? await readPage(run, job.id, query, after, limit) : [];
        chunks.push(...page);
        const last = page.at(-1);
        if (last === undefined || page.length < limit) return chunks;
        after = positionOf(last);
      }
    },

    /** Errors: `not_found`; `malformed` for a position that is none. Ends when the job has ended, or the signal aborts. */
    async *followJobLogs(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogBatch> {
      const { run, job } = await findJob(query.id, query.jobKey);
      const changes = new Changes(context, jobTopic(job.id), signal);
      try {
        let after = startOf(query);
        while (!signal.aborted) {
          changes.expect();
          const isOver = await hasNothingMore(run, job.id, query);
          const page = await readPage(run, job.id, query, after, followedChunks);
          const last = page.at(-1);
          if (last !== undefined) {
            after = positionOf(last);
            yield { chunks: page, position: writePosition(after) };
          }
          if (page.length === followedChunks) continue;
          if (isOver) return;
          await changes.next();
        }
      } finally {
        changes.stop();
      }
    },
  };

  async function hasNothingMore(run: RunRow, job: number, query: LogQuery): Promise<boolean> {
    const [now] = await jobByKey.run(store.read, { run: run.no, version: run.version, key: query.jobKey });
    if (now === undefined) throw notFound(`job ${job}`);
    return hasEnded(now.state) || (query.attempt !== null && now.attempt > query.attempt);
  }
}

function startOf(query: LogQuery): Position {
  if (query.after !== '') {
    const parts = /^(\d{1,9})\.(\d{1,16})\.(stdout|stderr)$/.exec(query.after);
    if (parts === null) {
      throw new DomainError(
        'malformed',
        `after: ${JSON.stringify(query.after)} is not a position such as "0.17.stdout"`,
      );
    }
    return { attempt: Number(parts[1]), sequence: Number(parts[2]), stream: parts[3] === 'stderr' ? 2 : 1 };
  }
  return { attempt: query.attempt ?? 0, sequence: -1, stream: 0 };
}

function positionOf(chunk: LogChunkView): Position {
  return { attempt: chunk.attempt, sequence: chunk.sequence, stream: chunk.stream === 'stdout' ? 1 : 2 };
}

function writePosition({ attempt, sequence, stream }: Position): string {
  return `${attempt}.${sequence}.${stream === 2 ? 'stderr' : 'stdout'}`;
}
