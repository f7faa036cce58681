import { notFound } from '../domain/errors.js';
import { conditionKind } from '../domain/settle.js';
import { type JobState, type JobStatus, jobStatus } from '../domain/states.js';
import {
  type AttemptFact,
  explainJob,
  type NeedFact,
  type NeedState,
  type WhyFacts,
  type WhyReason,
} from '../domain/why.js';
import { sentenceOf } from '../domain/why-sentence.js';
import { ordinalOfJob } from '../store/job-id.js';
import type { RunRow } from '../store/statements/runs.js';
import { allTokens } from '../store/statements/tokens.js';
import {
  attemptsOfJob,
  badNeeds,
  cancelRequest,
  firstClaimable,
  needsOfJob,
  type WhyAttemptRow,
  type WhyJobRow,
  whyJob,
} from '../store/statements/why.js';
import { findRun } from './cancel-run.js';
import type { EngineContext } from './context.js';
import type { KnownJob } from './job-specs.js';
import { listWorkersVerb } from './list-workers.js';

/** How many jobs ahead are counted. */
const aheadMax = 1_000;

/** How many attempts are told, the newest. */
const attemptsMax = 100;

/** How many workers are looked at. */
const workersMax = 10_000;

/** How far up, and by how many jobs at each step, the beginning of a row of skipped jobs is looked for. */
const originSteps = 200;
const originWidth = 1_000;

/** How often the job is read again when it changes state under the reading. */
const readingTries = 5;

/** Why a job is as it is. */
export interface JobExplanation {
  readonly runId: string;
  readonly workflowId: string;
  readonly jobKey: string;
  readonly status: JobStatus;
  readonly atMs: number;
  /** The main reason first. */
  readonly reasons: readonly { readonly reason: WhyReason; readonly sentence: string }[];
  /** Oldest first; at most the newest hundred. */
  readonly attempts: readonly AttemptFact[];
}

/** Tells why a job waits, was retried, was skipped, failed, or what else it is doing. */
export function explainJobVerb(context: EngineContext) {
  const { store, environment } = context;
  const listWorkers = listWorkersVerb(context);

  async function loadJob(run: RunRow, key: string): Promise<WhyJobRow> {
    const [job] = await whyJob.run(store.read, { run: run.no, version: run.version, key });
    if (job === undefined) throw notFound(`job ${JSON.stringify(key)} of run ${run.id}`);
    return job;
  }

  /** What the job's state follows from; what cannot matter in that state is not read. */
  async function loadFacts(run: RunRow, job: WhyJobRow): Promise<WhyFacts> {
    const [known] = await context.specs.get(store.read, [{ version: run.version, ord: ordinalOfJob(job.id) }]);
    if (known === undefined) throw new Error(`job ${job.id} has no specification`);
    const attempts = await attemptsOfJob.run(store.read, { job: job.id, limit: attemptsMax });
    const isQueued = job.state === 'queued';
    return {
      nowMs: environment.now(),
      job: {
        state: job.state,
        attempt: job.attempt,
        conditional: job.conditional,
        enqueuedAtMs: job.enqueued_at_ms,
        delayedUntilMs: job.delayed_until_ms,
        endedAtMs: job.ended_at_ms,
        maxRetries: known.spec.retry.maxRetries,
        requiredLabels: known.spec.labels,
      },
      condition: known.condition,
      inputs: JSON.parse(run.inputs) as Record<string, string>,
      cancel: run.cancel_requested_at_ms === null ? null : await loadCancel(run, run.cancel_requested_at_ms),
      needs: await loadNeeds(run, job, known),
      origins: await loadOrigins(run, job),
      attempts: attempts.map(toAttemptFact).reverse(),
      workers: isQueued ? await loadWorkers() : [],
      ahead: isQueued ? await countAhead(job) : null,
    };
  }

  async function loadCancel(run: RunRow, atMs: number): Promise<NonNullable<WhyFacts['cancel']>> {
    const [event] = await cancelRequest.run(store.longRead, { run: run.no });
    const { by = null } = JSON.parse(event?.data ?? '{}') as { by?: string | null };
    if (by === null) return { atMs, by };
    const token = (await allTokens.run(store.read, {})).find(({ id }) => id === by);
    return { atMs, by: token?.name ?? by };
  }

  async function loadNeeds(run: RunRow, job: WhyJobRow, known: KnownJob): Promise<NeedFact[]> {
    const decided = job.state === 'skipped' && job.conditional !== conditionKind.none;
    if (known.needs === 0 || (job.state !== 'waiting' && job.state !== 'skipped')) return [];
    const rows = await needsOfJob.run(store.longRead, {
      run: run.no,
      version: run.version,
      ord: ordinalOfJob(job.id),
      outputs: decided ? 1 : 0,
    });
    return rows.map(({ key, state, outputs }) => ({
      jobKey: key,
      state,
      outputs: outputs === null ? {} : (JSON.parse(outputs) as Record<string, string>),
    }));
  }

  /** Follows needs that were skipped in turn up to where it began. Direct needs are not named again. */
  async function loadOrigins(run: RunRow, job: WhyJobRow): Promise<NeedState[]> {
    if (job.state !== 'skipped' || job.conditional !== conditionKind.none) return [];
    const origins = new Map<number, NeedState>();
    const seen = new Set<number>();
    let looking = [ordinalOfJob(job.id)];
    for (let step = 0; step < originSteps && looking.length > 0; step++) {
      const rows = await badNeeds.run(store.longRead, {
        run: run.no,
        version: run.version,
        rows: looking.map((ord) => [ord]),
        limit: originWidth,
      });
      const fresh = rows.filter(({ ord }) => !seen.has(ord));
      for (const { ord } of fresh) seen.add(ord);
      const isPassedOn = (row: { state: JobState; conditional: number }) =>
        row.state === 'skipped' && row.conditional === conditionKind.none;
      if (step > 0) {
        for (const row of fresh) {
          if (!isPassedOn(row)) origins.set(row.ord, { jobKey: row.key, state: row.state });
        }
      }
      looking = fresh.filter(isPassedOn).map(({ ord }) => ord);
    }
    return [...origins].sort(([a], [b]) => a - b).map(([, origin]) => origin);
  }

  async function loadWorkers(): Promise<WhyFacts['workers']> {
    const workers = await listWorkers({ limit: workersMax, offset: 0 });
    return workers.map((worker) => ({
      workerId: worker.workerId,
      labels: worker.labels,
      isLive: worker.status !== 'offline',
      // A plain worker does not say how many slots it has: it takes one job at a time.
      isFree: worker.running < Math.max(1, worker.slots),
      seenAtMs: worker.lastHeartbeatMs,
    }));
  }

  async function countAhead(job: WhyJobRow): Promise<NonNullable<WhyFacts['ahead']>> {
    const first = await firstClaimable.run(store.read, { labelSet: job.label_set, limit: aheadMax + 1 });
    const place = first.findIndex(({ id }) => id === job.id);
    if (place >= 0) return { count: place, isBound: false };
    return { count: Math.min(first.length, aheadMax), isBound: first.length > aheadMax };
  }

  /** Errors: `not_found`. */
  return async (id: string, jobKey: string): Promise<JobExplanation> => {
    for (let tries = 1; ; tries++) {
      const run = await findRun(context, id);
      const job = await loadJob(run, jobKey);
      const facts = await loadFacts(run, job);
      const now = await loadJob(run, jobKey);
      // The reads are several; what they say together holds only when the job stayed as it was.
      const hasChanged = now.state !== job.state || now.attempt !== job.attempt;
      if (hasChanged && tries < readingTries) continue;
      return {
        runId: run.id,
        workflowId: run.workflow_id,
        jobKey,
        status: jobStatus(job.state),
        atMs: facts.nowMs,
        reasons: explainJob(facts).map((reason) => ({ reason, sentence: sentenceOf(reason, facts.nowMs) })),
        attempts: facts.attempts,
      };
    }
  };
}

function toAttemptFact(row: WhyAttemptRow): AttemptFact {
  return {
    number: row.number,
    workerId: row.worker_id,
    claimedAtMs: row.claimed_at_ms,
    endedAtMs: row.ended_at_ms,
    outcome: row.outcome,
    error: row.error,
    expiresAtMs: row.expires_at_ms,
    timeoutAtMs: row.timeout_at_ms,
  };
}
