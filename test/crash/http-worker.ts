import { randomUUID } from 'node:crypto';
import type { Claim } from '@workflow-graph/client';
import { type Answer, chunk } from '../support/api.js';
import { answered, maybe, pause } from './calls.js';
import { attemptName, type End } from './journal.js';
import type { Load } from './load.js';
import type { Random } from './random.js';

/** Claims jobs and ends them in all the ways of real workers; like them it repeats calls without a response. */
export async function work(load: Load, workerId: string, random: Random): Promise<void> {
  while (load.working) {
    const claim = await claimOne(load, workerId, random);
    if (claim === null) continue;
    load.journal.grants.push({ ...under(claim), worker: workerId, upstream: claim.job.upstream_outputs });
    await pushSome(load, claim, 0, random.within(0, 3), random);
    if (random.chance(0.3)) await heartbeat(load, claim);
    // Some workers vanish with their lease.
    if (random.chance(0.02)) continue;
    // Some are late: by then the lease has expired, and another worker may have the job.
    if (random.chance(0.03)) {
      await pause(random.within(500, claim.lease.ttl_secs * 1_500));
      await pushSome(load, claim, 100, 1, random);
    }
    await report(load, claim, someEnd(claim, random), random);
  }
}

function under({ job, lease }: Claim): { attempt: string; lease: string } {
  return { attempt: attemptName(job.workflow_id, job.job_id, job.attempt), lease: lease.lease_id };
}

async function claimOne({ api }: Load, workerId: string, random: Random): Promise<Claim | null> {
  const wish = { worker_id: workerId, labels: [], lease_ttl_secs: random.within(1, 2), wait_secs: 1 };
  const repeats = random.chance(0.5);
  const send = () => api.post('/api/jobs/claim', repeats ? { ...wish, request_id } : wish);
  const request_id = randomUUID();
  const answer = repeats ? await answered(send) : await maybe(send);
  return answer?.status === 200 ? (answer.body as Claim | null) : null;
}

async function pushSome(load: Load, claim: Claim, from: number, count: number, random: Random): Promise<void> {
  if (count === 0) return;
  const chunks = Array.from({ length: count }, (_, i) =>
    chunk(
      claim,
      from + i,
      from + i === 0 ? `::set-output from_log=${claim.job.job_id}.${claim.job.attempt}\n` : `${randomUUID()}\n`,
    ),
  );
  const path = `/api/jobs/${claim.lease.lease_id}/logs`;
  const times = random.chance(0.2) ? 2 : 1;
  const { attempt } = under(claim);
  let taken = false;
  for (let i = 0; i < times; i++) {
    const sentAtMs = Date.now();
    const answer = await answered(() => load.api.post(path, { chunks }));
    if (answer.status !== 200) {
      if (taken) load.journal.contradictions.push(`${attempt}: an accepted log is refused when it is repeated`);
      refused(load, claim, 'log', answer);
      continue;
    }
    if (taken) continue;
    taken = true;
    for (const { sequence, stream, data } of chunks) {
      load.journal.chunks.push({ attempt, sequence, stream, data, sentAtMs });
    }
  }
}

async function heartbeat(load: Load, claim: Claim): Promise<void> {
  const answer = await answered(() => load.api.heartbeat(claim));
  if (answer.status !== 200) refused(load, claim, 'heartbeat', answer);
}

function refused({ journal }: Load, claim: Claim, what: 'log' | 'heartbeat', answer: Answer): void {
  const { reason } = answer.body as { reason?: string };
  if (answer.status === 409 && reason !== undefined) journal.refusals.push({ ...under(claim), what, reason });
  else journal.contradictions.push(`a ${what} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}

function someEnd(claim: Claim, random: Random): End {
  const mark = randomUUID();
  if (random.chance(0.75)) return { kind: 'success', outputs: random.chance(0.5) ? { mark } : {} };
  return { kind: 'failure', error: `${claim.job.job_id}: ${mark}`, retryable: random.chance(0.8) };
}

async function report(load: Load, claim: Claim, end: End, random: Random): Promise<void> {
  const refused = await send(load, claim, end);
  if (random.chance(0.2)) {
    const again = await send(load, claim, end);
    if ((again === null) !== (refused === null)) {
      const told = `${refused ?? 'taken'}, then ${again ?? 'taken'}`;
      load.journal.contradictions.push(`${under(claim).attempt}: the repeated report got ${told}`);
    }
  }
  if (random.chance(0.2)) {
    const judged = await send(load, claim, { kind: 'failure', error: 'a different end', retryable: true });
    if (judged === null) load.journal.contradictions.push(`a second end of ${claim.lease.lease_id} was accepted`);
  }
}

/** Null if the report was accepted, else the reason. */
async function send({ api, journal }: Load, claim: Claim, end: End): Promise<string | null> {
  const answer = await answered(() =>
    end.kind === 'success' ? api.complete(claim, end.outputs) : api.fail(claim, end.error, end.retryable),
  );
  const { reason = String(answer.status) } = answer.body as { reason?: string };
  if (answer.status !== 200 && answer.status !== 409) {
    journal.contradictions.push(`a report was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
  const refused = answer.status === 200 ? null : reason;
  journal.reports.push({ ...under(claim), worker: claim.lease.worker_id, end, refused });
  return refused;
}
