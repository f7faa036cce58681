import { randomUUID } from 'node:crypto';
import type { Claim } from '@workflow-graph/client';
import { type Answer, type Api, chunk } from '../support/api.js';
import type { End, Journal } from './journal.js';
import type { Random } from './random.js';

const retry = (retries: number) => ({ run: 'x', retries });

/** Small graphs of many shapes. */
export const definitions: Readonly<Record<string, object>> = {
  chain: {
    a: retry(2),
    b: { ...retry(1), needs: 'a' },
    c: { ...retry(1), needs: 'b' },
    d: { ...retry(0), needs: 'c' },
  },
  diamond: {
    top: retry(3),
    left: { ...retry(1), needs: 'top', backoff: { fixed: 1 } },
    middle: { ...retry(2), needs: 'top' },
    right: { ...retry(0), needs: 'top', priority: 3 },
    bottom: { ...retry(2), needs: ['left', 'middle', 'right'] },
  },
  conditions: {
    work: retry(1),
    report: { run: 'x', needs: 'work', if: 'failure()' },
    tidy: { run: 'x', needs: ['work', 'report'], if: 'always()', retries: 1 },
  },
  single: { only: retry(5) },
};

/** What the clients of a load share. */
export interface Load {
  readonly api: Api;
  readonly journal: Journal;
  /** No new runs from now on. */
  submitting: boolean;
  /** About how many runs have not ended. */
  openRuns: number;
  /** Workers go on until all is done. */
  working: boolean;
}

/** Enough that claims do not run dry while some jobs wait for the leases of vanished workers. */
const runsOpenMax = 150;

/** Starts runs, some with a request id that it repeats until it has an answer. */
export async function submit(load: Load, workflows: readonly string[], random: Random): Promise<void> {
  while (load.submitting) {
    await pause(random.within(0, 15));
    if (load.openRuns > runsOpenMax) continue;
    const workflow = random.pick(workflows);
    const request = randomUUID();
    const repeats = random.chance(0.7);
    const send = () => load.api.post(`/api/workflows/${workflow}/run`, repeats ? { request_id: request } : undefined);
    const answer = repeats ? await answered(send) : await maybe(send);
    if (answer?.status === 202) load.journal.started(request, (answer.body as { run_id: string }).run_id);
  }
}

/** Keeps an eye on how many runs are open. */
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
    const runs = [...load.journal.runs.values()];
    if (runs.length === 0) continue;
    const run = random.pick(runs.slice(-50));
    const answer = await answered(() => load.api.post(`/api/workflows/${run}/cancel`));
    if (answer.status === 202) load.journal.cancelled.add(run);
    else load.journal.contradictions.push(`cancelling run ${run} answered ${answer.status}`);
  }
}

/** Claims jobs and ends them in all the ways that workers do; what got no answer is sent again, as workers do. */
export async function work(load: Load, workerId: string, random: Random): Promise<void> {
  while (load.working) {
    const claim = await claimOne(load, workerId, random);
    if (claim === null) continue;
    load.journal.claims.push(claim);
    await pushSome(load, claim, random);
    if (random.chance(0.3)) await answered(() => load.api.heartbeat(claim));
    // Some workers vanish with their lease.
    if (random.chance(0.02)) continue;
    // And some are late: by then the lease has run out, and perhaps another worker has the job.
    if (random.chance(0.03)) await pause(random.within(500, claim.lease.ttl_secs * 1_500));
    await report(load, claim, someEnd(claim, random), random);
  }
}

async function claimOne({ api }: Load, workerId: string, random: Random): Promise<Claim | null> {
  const wish = { worker_id: workerId, labels: [], lease_ttl_secs: random.within(1, 2), wait_secs: 1 };
  const repeats = random.chance(0.5);
  const send = () => api.post('/api/jobs/claim', repeats ? { ...wish, request_id } : wish);
  const request_id = randomUUID();
  const answer = repeats ? await answered(send) : await maybe(send);
  return answer?.status === 200 ? (answer.body as Claim | null) : null;
}

async function pushSome({ api, journal }: Load, claim: Claim, random: Random): Promise<void> {
  const count = random.within(0, 3);
  if (count === 0) return;
  const chunks = Array.from({ length: count }, (_, i) =>
    chunk(claim, i, i === 0 ? `::set-output from_log=${claim.job.job_id}.${claim.job.attempt}\n` : `${randomUUID()}\n`),
  );
  const path = `/api/jobs/${claim.lease.lease_id}/logs`;
  const times = random.chance(0.2) ? 2 : 1;
  for (let i = 0; i < times; i++) {
    const answer = await answered(() => api.post(path, { chunks }));
    if (answer.status !== 200 || i > 0) continue;
    for (const { sequence, data } of chunks) journal.chunks.push({ claim, sequence, data });
  }
}

function someEnd(claim: Claim, random: Random): End {
  const mark = randomUUID();
  if (random.chance(0.75)) return { kind: 'success', outputs: random.chance(0.5) ? { mark } : {} };
  return { kind: 'failure', error: `${claim.job.job_id}: ${mark}`, retryable: random.chance(0.8) };
}

async function report(load: Load, claim: Claim, end: End, random: Random): Promise<void> {
  const refused = await send(load, claim, end);
  load.journal.reports.push({ claim, end, refused });
  if (random.chance(0.2)) {
    const again = await send(load, claim, end);
    if ((again === null) !== (refused === null)) {
      load.journal.contradictions.push(`the same report was answered ${refused ?? 'taken'}, then ${again ?? 'taken'}`);
    }
  }
  if (random.chance(0.2)) {
    const other: End = { kind: 'failure', error: 'a different end', retryable: true };
    const judged = await send(load, claim, other);
    if (judged === null) load.journal.contradictions.push(`a second end of ${claim.lease.lease_id} was taken`);
  }
}

/** Null when the report was taken, else why not. */
async function send({ api, journal }: Load, claim: Claim, end: End): Promise<string | null> {
  const answer = await answered(() =>
    end.kind === 'success' ? api.complete(claim, end.outputs) : api.fail(claim, end.error, end.retryable),
  );
  if (answer.status === 200) return null;
  const { reason } = answer.body as { reason?: string };
  if (answer.status !== 409 || reason === undefined) {
    journal.contradictions.push(`a report was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
  return reason ?? String(answer.status);
}

/** Sends until there is an answer: a server that is away comes back. */
async function answered(call: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await maybe(call);
    if (answer !== null && answer.status !== 503) return answer;
    await pause(25);
  }
}

/** Null when the connection broke: nobody knows whether the server did what it was asked. */
async function maybe(call: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await call();
  } catch (error) {
    // `fetch` reports every broken connection so. Anything else is a mistake of this test.
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
