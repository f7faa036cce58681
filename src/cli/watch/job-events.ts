import type { Client, Job, Workflow } from '#client';
import { escapeLine } from '../../telemetry/escape-controls.js';
import { stateOfJob, tookMs } from '../states.js';
import { duration } from '../terminal/times.js';

/** An event of a job, as a line for people. */
export interface JobEvent {
  readonly jobId: string;
  readonly atMs: number;
  readonly kind: 'started' | 'ended' | 'waits';
  readonly status: Job['status'];
  readonly text: string;
}

/** Jobs whose earlier attempts are read in one poll of the run. */
const readMax = 50;

/** What was printed about a job: the first attempts whose start, and whose end, are still to be printed. */
interface Printed {
  nextStart: number;
  nextEnd: number;
  state: string;
}

/**
 * Computes the events of the jobs between two polls of a run: every start, retry and end, in the order of time,
 * including jobs that started and ended between two polls.
 */
export class JobEvents {
  readonly #client: Client;
  readonly #runId: string;
  readonly #printed = new Map<string, Printed>();

  constructor(client: Client, runId: string) {
    this.#client = client;
    this.#runId = runId;
  }

  /** The events since the last poll. */
  async since({ jobs }: Pick<Workflow, 'jobs'>): Promise<JobEvent[]> {
    const events: JobEvent[] = [];
    let reads = 0;
    for (const job of jobs) {
      const printed = this.#printed.get(job.id) ?? { nextStart: 0, nextEnd: 0, state: '' };
      const state = `${job.status}/${job.attempt}`;
      if (state === printed.state) continue;
      printed.state = state;
      this.#printed.set(job.id, printed);
      if (hasMissed(job, printed) && reads < readMax) {
        reads += 1;
        events.push(...(await this.#earlier(job, printed)));
      }
      events.push(...current(job, printed));
    }
    // Equal times keep the order of the definition, and a job's start stays before its end.
    return events.sort((a, b) => a.atMs - b.atMs);
  }

  /** The starts and ends of the attempts before the current one. */
  async #earlier(job: Job, printed: Printed): Promise<JobEvent[]> {
    const { attempts } = await this.#client.explain(this.#runId, job.id).catch(() => ({ attempts: [] }));
    const events = attempts
      .filter(({ attempt }) => attempt >= printed.nextEnd && attempt < job.attempt)
      .flatMap((each): JobEvent[] => {
        const { attempt, started_at_ms: start, worker_id, outcome, error } = each;
        const end = each.ended_at_ms ?? start;
        const text = `attempt ${attempt} ended: ${outcome ?? 'unknown'} after ${duration(end - start)}`;
        const about = { jobId: job.id, kind: 'waits', status: 'queued' } as const;
        const ended: JobEvent = { ...about, atMs: end, text: `${text}${because(error ?? null)}` };
        return attempt < printed.nextStart ? [ended] : [startOf(job.id, start, worker_id, attempt), ended];
      });
    printed.nextStart = Math.max(printed.nextStart, job.attempt);
    printed.nextEnd = job.attempt;
    return events;
  }
}

/** A delayed retry already names the error of the previous attempt, if the start of that attempt was printed. */
function hasMissed(job: Job, { nextStart, nextEnd }: Printed): boolean {
  const tellsItself = job.status === 'queued' && nextStart === job.attempt && nextEnd === job.attempt - 1;
  return job.attempt > nextEnd && !tellsItself;
}

function current(job: Job, printed: Printed): JobEvent[] {
  const { id: jobId, status, attempt, started_at: startedAt } = job;
  const events: JobEvent[] = [];
  if (status !== 'queued' && startedAt !== null && printed.nextStart <= attempt) {
    printed.nextStart = attempt + 1;
    events.push(
      job.children == null
        ? startOf(jobId, startedAt, job.worker_id ?? null, attempt)
        : { jobId, atMs: startedAt, kind: 'waits', status: 'running', text: `has ${job.children.total} children` },
    );
  }
  const text = stateText(job);
  if (text === null) return events;
  printed.nextEnd = attempt;
  const atMs = job.ended_at ?? startedAt ?? Number.MAX_SAFE_INTEGER;
  events.push({ jobId, kind: status === 'queued' ? 'waits' : 'ended', status, atMs, text });
  return events;
}

function startOf(jobId: string, atMs: number, worker: string | null, attempt: number): JobEvent {
  const text = `started on ${escapeLine(worker ?? 'a worker')}${attempt === 0 ? '' : ` (attempt ${attempt})`}`;
  return { jobId, kind: 'started', status: 'running', atMs, text };
}

/** The end of a job, or that it waits for a retry; null while it waits for the first time or runs. */
function stateText(job: Job): string | null {
  const attempt = job.attempt === 0 ? '' : ` (attempt ${job.attempt})`;
  const took = tookMs(job, 0);
  const after = took === null ? '' : ` after ${duration(took)}`;
  switch (job.status) {
    case 'running':
      return null;
    case 'queued':
      return job.attempt === 0 ? null : `waits for attempt ${job.attempt}${because(job.output)}`;
    case 'failure':
      return `${stateOfJob(job)}${attempt}${after}${because(job.output)}`;
    case 'success':
    case 'cancelled':
      return `${job.status}${attempt}${after}`;
    case 'skipped':
      return 'skipped';
  }
}

function because(output: string | null): string {
  const line = escapeLine((output ?? '').trim().split('\n', 1)[0] ?? '');
  return line === '' ? '' : `: ${line}`;
}
