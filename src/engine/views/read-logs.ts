import { notFound } from '../../domain/errors.js';
import { type StopReason, stopReasonOf } from '../../domain/lease.js';
import { hasEnded } from '../../domain/states.js';
import { ordinalOfJob } from '../../store/job-id.js';
import { attemptStates } from '../../store/statements/attempts.js';
import type { RunRow } from '../../store/statements/find-runs.js';
import { jobById, jobByKey } from '../../store/statements/jobs.js';
import { versionJobByKey } from '../../store/statements/workflows.js';
import type { EngineContext } from '../context.js';
import { leasedAttempt } from '../leases/lease-message.js';
import { jobTopic } from '../memory/topics.js';
import { findChild } from '../runs/find-child.js';
import { findRunOrDefinition } from '../runs/find-run.js';
import { LogPages } from './log-pages.js';
import { type LogPlace, placeOf, startOf, writePlace } from './log-place.js';
import { findLogTail } from './log-tail.js';
import type { LogBatch, LogChunkView, LogQuery } from './log-views.js';
import { TopicWaiter } from './topic-waiter.js';

/** Reads logs of jobs and whether a job must stop. */
export function logVerbs(context: EngineContext) {
  const { store } = context;

  /** Null for a job of a workflow that has not run. Errors: `not_found`. */
  async function findJob(id: string, key: string) {
    const { run, definition } = await findRunOrDefinition(context, id);
    if (run === null) {
      const [planned] = await versionJobByKey.run(store.read, { version: definition.version, key });
      if (planned === undefined) throw notFound(`job ${JSON.stringify(key)} of workflow ${JSON.stringify(id)}`);
      return null;
    }
    const job = await findJobOfRun(run, key);
    if (job === null) throw notFound(`job ${JSON.stringify(key)} of run ${run.id}`);
    return { run, job };
  }

  async function findJobOfRun(run: RunRow, key: string) {
    const [job] = await jobByKey.run(store.read, { run: run.no, version: run.version, key });
    if (job !== undefined) return job;
    const child = await findChild(store.read, run, key);
    return child === null ? null : ((await jobById.run(store.read, { id: child.id }))[0] ?? null);
  }

  /** Where a reader begins, and how its chunks are cut; a reader that resumes had its last lines before. */
  async function beginning(pages: LogPages, query: LogQuery) {
    const start = startOf(query);
    if (query.tail === null || query.after !== '') return { after: start, cut: (chunk: LogChunkView) => chunk };
    return findLogTail(pages, query, query.tail);
  }

  return {
    /** Errors: `not_found`. */
    async stopReasonOfJob(id: string, jobKey: string): Promise<StopReason | null> {
      const found = await findJob(id, jobKey);
      if (found === null) return null;
      const { run, job } = found;
      if (job.state === 'cancelled') return 'cancelled';
      if (job.state !== 'running') return null;
      const [known] = await context.specs.get(store.read, [{ version: run.version, ord: ordinalOfJob(job.id) }]);
      if (known?.spec.timeoutSecs == null) return null;
      const [attempt] = await attemptStates.run(store.read, { job: job.id, number: job.attempt });
      return attempt === undefined ? null : stopReasonOf(leasedAttempt(attempt), context.environment.now());
    },

    /**
     * Whether following yields anything, now or later: not when the caller has all of a log that has ended. Errors:
     * `not_found`; `malformed` for an invalid position.
     */
    async canFollowLogs(query: LogQuery): Promise<boolean> {
      const start = startOf(query);
      const found = await findJob(query.id, query.jobKey);
      if (found === null || query.after === '') return true;
      const { run, job } = found;
      if (!(await hasNothingMore(run, job.id, query))) return true;
      return (await new LogPages(context, run.id, job.id, query).after(start, 1)).chunks.length > 0;
    },

    /** Errors: `not_found`; `malformed` for an invalid position. */
    async *jobLogs(query: LogQuery): AsyncGenerator<LogBatch> {
      startOf(query);
      const found = await findJob(query.id, query.jobKey);
      if (found === null) return;
      const { run, job } = found;
      const pages = new LogPages(context, run.id, job.id, query);
      const { after, cut } = await beginning(pages, query);
      let place = after;
      for (let left = query.limit ?? Number.POSITIVE_INFINITY; left > 0; ) {
        const page = await pages.after(place, left);
        const batch = toBatch(page.chunks, cut);
        if (batch !== null) yield batch;
        const last = page.chunks.at(-1);
        if (last === undefined || page.isLast) return;
        place = placeOf(last);
        left -= batch?.chunks.length ?? 0;
      }
    },

    /**
     * Errors: `not_found`; `malformed` for an invalid position. Ends when the job has ended and stopped, or the signal
     * aborts.
     */
    async *followJobLogs(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogBatch> {
      const found = await afterFirstRun(query, signal);
      if (found === null) return;
      const { run, job } = found;
      const pages = new LogPages(context, run.id, job.id, query);
      const changes = new TopicWaiter(context, jobTopic(job.id), signal);
      try {
        const { after, cut } = await beginning(pages, query);
        let place: LogPlace = after;
        while (!signal.aborted) {
          changes.expect();
          const isOver = await hasNothingMore(run, job.id, query);
          const page = await pages.after(place, Number.POSITIVE_INFINITY);
          const last = page.chunks.at(-1);
          if (last !== undefined) place = placeOf(last);
          const batch = toBatch(page.chunks, cut);
          if (batch !== null) yield batch;
          if (!page.isLast) continue;
          if (isOver) return;
          await changes.next();
        }
      } finally {
        changes.stop();
      }
    },
  };

  /** Waits for the first run of the job's workflow; null when the signal aborts before. */
  async function afterFirstRun(query: LogQuery, signal: AbortSignal) {
    const first = await findJob(query.id, query.jobKey);
    if (first !== null) return first;
    // The first run has no signal: polling each second is enough, and costs a busy server less than a signal at each
    // start of a run.
    const looks = new TopicWaiter(context, `first run/${query.id}`, signal);
    try {
      while (!signal.aborted) {
        looks.expect();
        const found = await findJob(query.id, query.jobKey);
        if (found !== null) return found;
        await looks.next();
      }
      return null;
    } finally {
      looks.stop();
    }
  }

  async function hasNothingMore(run: RunRow, job: number, query: LogQuery): Promise<boolean> {
    const now = await findJobOfRun(run, query.jobKey);
    if (now === null) throw notFound(`job ${job}`);
    if (query.attempt !== null && now.attempt > query.attempt) return true;
    return hasEnded(now.state) && (now.state !== 'cancelled' || (await hasStopped(job, now.attempt)));
  }

  /** The processes of a cancelled job print until they have stopped: their lines are stored while the attempt lives. */
  async function hasStopped(job: number, number: number): Promise<boolean> {
    const [attempt] = await attemptStates.run(store.read, { job, number });
    return attempt === undefined || attempt.outcome !== null;
  }
}

/**
 * The part of a page that a reader gets; null for none. Its position is that of the page, so that no page is read
 * twice.
 */
function toBatch(chunks: readonly LogChunkView[], cut: (chunk: LogChunkView) => LogChunkView | null): LogBatch | null {
  const last = chunks.at(-1);
  const kept = chunks.map(cut).filter((chunk) => chunk !== null);
  if (last === undefined || kept.length === 0) return null;
  return { chunks: kept, position: writePlace(placeOf(last)) };
}
