import { randomUUID } from 'node:crypto';
import { Client, type LogChunk, type Workflow } from '@workflow-graph/client';
import type { Api } from '../support/api.js';
import { answered, maybe, pause } from './calls.js';
import { attemptName, type Chunk, type Journal } from './journal.js';
import type { Random } from './random.js';

/** State shared by the clients of a load. */
export interface Load {
  readonly api: Api;
  readonly journal: Journal;
  /** Start no new runs. */
  submitting: boolean;
  /** The approximate number of runs that have not ended. */
  openRuns: number;
  /** Workers continue until everything is done. */
  working: boolean;
}

/** Enough for claims to find jobs while some jobs wait for the leases of vanished workers. */
const runsOpenMax = 150;

/** Starts runs, some with a request id that it repeats until there is a response. */
export async function submit(load: Load, workflows: readonly string[], random: Random): Promise<void> {
  while (load.submitting) {
    await pause(random.within(0, 30));
    if (load.openRuns > runsOpenMax) continue;
    const workflow = random.pick(workflows);
    const request = randomUUID();
    const repeats = random.chance(0.7);
    const send = () => load.api.post(`/api/workflows/${workflow}/run`, repeats ? { request_id: request } : undefined);
    const answer = repeats ? await answered(send) : await maybe(send);
    if (answer?.status === 202) load.journal.started(request, (answer.body as { run_id: string }).run_id);
  }
}

/** Tracks the number of open runs. */
export async function countOpenRuns(load: Load): Promise<void> {
  while (load.submitting) {
    const pages = await Promise.all(
      ['queued', 'running'].map((state) => maybe(() => load.api.get(`/api/runs?limit=500&state=${state}`))),
    );
    load.openRuns = pages
      .map((page) => (page?.status === 200 ? (page.body as { runs: unknown[] }).runs.length : 0))
      .reduce((sum, count) => sum + count, 0);
    await pause(100);
  }
}

/** Cancels a run now and then. */
export async function cancelSome(load: Load, random: Random): Promise<void> {
  while (load.submitting) {
    await pause(random.within(50, 200));
    const run = someRun(load, random);
    if (run === null) continue;
    const answer = await answered(() => load.api.post(`/api/workflows/${run}/cancel`));
    if (answer.status === 202) load.journal.cancelled.set(run, Date.now());
    else load.journal.contradictions.push(`cancelling run ${run} answered ${answer.status}`);
  }
}

const ends = new Set(['success', 'failure', 'skipped', 'cancelled']);

/** Reads states and logs, which must not change later. */
export async function read(load: Load, random: Random): Promise<void> {
  const { api, journal } = load;
  while (load.working) {
    await pause(random.within(5, 40));
    const run = someRun(load, random);
    if (run === null) continue;
    const status = await maybe(() => api.get(`/api/workflows/${run}/status`));
    if (status === null || status.status === 503) continue;
    if (status.status !== 200) {
      journal.contradictions.push(`the status of run ${run}, which was acknowledged, answered ${status.status}`);
      continue;
    }
    const { jobs } = status.body as Workflow;
    for (const job of jobs) if (ends.has(job.status)) journal.showedEnd(`${run}/${job.id}`, job.status);
    const begun = jobs.filter(({ status }) => status === 'success' || status === 'failure' || status === 'running');
    if (begun.length === 0) continue;
    const job = random.pick(begun);
    const logs = await maybe(() => api.get(`/api/workflows/${run}/jobs/${job.id}/logs`));
    if (logs?.status !== 200) continue;
    for (const { sequence, stream, data, attempt } of logs.body as (LogChunk & { attempt?: number })[]) {
      if (attempt === undefined) throw new Error('a chunk that was read does not say of which attempt it is');
      const name = attemptName(run, job.id, attempt);
      journal.shownChunks.push({ attempt: name, sequence, stream, data, sentAtMs: null });
    }
  }
}

/** Longest time for which a log is followed. */
const followMs = 6_000;

/** Follows logs from the beginning, across all faults of the server. */
export async function follow(load: Load, random: Random): Promise<void> {
  const client = new Client({ serverUrl: load.api.url });
  while (load.working) {
    await pause(random.within(5, 40));
    const run = someRun(load, random);
    const status = run === null ? null : await maybe(() => load.api.get(`/api/workflows/${run}/status`));
    if (run === null || status?.status !== 200) continue;
    const { id } = random.pick((status.body as Workflow).jobs);
    const chunks: Chunk[] = [];
    let toTheEnd = false;
    try {
      for await (const sent of client.followLogs(run, id, { signal: AbortSignal.timeout(followMs) })) {
        const attempt = attemptName(run, id, sent.attempt ?? -1);
        chunks.push({ attempt, sequence: sent.sequence, stream: sent.stream, data: sent.data, sentAtMs: null });
      }
      toTheEnd = true;
    } catch {
      // The server was down before the first line, or the time is up: the lines received by then count.
    }
    load.journal.followed.push({ job: `${run}/${id}`, chunks, toTheEnd });
  }
}

function someRun({ journal }: Load, random: Random): string | null {
  const runs = [...journal.runs.values()].slice(-50);
  return runs.length === 0 ? null : random.pick(runs);
}
