import type { ClaimedJob } from '../../../src/engine/engine.js';
import type { Worker } from './worker.js';

type Lie = (worker: Worker, job: ClaimedJob) => Promise<unknown>;

/** What a worker that lies, or is broken, may send. None of it may do any harm. */
const lies: Readonly<Record<string, Lie>> = {
  'lease id with another secret': (worker, job) => {
    const secret = Array.from({ length: 22 }, () => worker.random.pick([...'abcdefghijkXYZ0123456789_-'])).join('');
    const forged = `${job.leaseId.split('-').slice(0, 2).join('-')}-${secret}`;
    return anyCall(worker, job, forged);
  },
  'lease id of another attempt': (worker, job) => {
    const [row = '', attempt = '', ...secret] = job.leaseId.split('-');
    const forged = `${row}-${(Number.parseInt(attempt, 36) + 1).toString(36)}-${secret.join('-')}`;
    return anyCall(worker, job, forged);
  },
  'lease id that is none': (worker, job) =>
    anyCall(worker, job, worker.random.pick(['', 'x', '-1-2-3', `${job.leaseId}x`])),
  'lease of another caller': (worker, job) => {
    const others = [...worker.parts.simulation.leases.byId.values()].filter(
      ({ credential, attempt }) => credential !== worker.profile.credential && attempt.outcome === null,
    );
    return others.length === 0 ? Promise.resolve() : anyCall(worker, job, worker.random.pick(others).id);
  },
  "another caller's claim again": (worker) => {
    const { calls, simulation } = worker.parts;
    const others = simulation.requestIds.slice(-8).filter((id) => !id.startsWith(`${worker.name}/`));
    if (others.length === 0 || !simulation.hasCredentials) return Promise.resolve();
    const input = worker.claimInput(1, 0, worker.random.pick(others));
    return worker.call('claim again', (live, signal, server) => calls.claim(server, live, input, signal));
  },
  'two ends at once': (worker, job) => {
    const { calls } = worker.parts;
    const { credential } = worker.profile;
    const ends = [worker.anotherEnd(), worker.anotherEnd()];
    return Promise.all(
      ends.map((end) => worker.call('contradiction', (live) => calls.end(live, job.leaseId, credential, end))),
    );
  },
  'two texts of one chunk': async (worker, job) => {
    const { calls, simulation } = worker.parts;
    const { credential } = worker.profile;
    for (let at = 0; at < 2; at++) {
      const chunk = { ...worker.chunk(job, 9, `lie ${simulation.unique()}\n`), stream: 'stdout' as const };
      await worker.call('logs', (live) => calls.logs(live, job.leaseId, credential, [chunk], false));
    }
  },
  'chunk of another job': (worker, job) => {
    const { calls } = worker.parts;
    const chunk = {
      ...worker.chunk(job, 0, 'lie\n'),
      ...worker.random.pick([{ runId: 'elsewhere' }, { jobKey: 'other' }]),
    };
    return worker.call('logs', (live) => calls.logs(live, job.leaseId, worker.profile.credential, [chunk], true));
  },
  'job given back while it runs': (worker, job) =>
    worker.call('release', (live) => worker.parts.calls.release(live, job.leaseId, worker.profile.credential)),
};

export const lieNames = Object.keys(lies);

export async function tellLies(worker: Worker, job: ClaimedJob): Promise<void> {
  for (let count = worker.random.within(1, 3); count > 0; count--) {
    const name = worker.random.pick(lieNames);
    worker.parts.simulation.world.count(`lie: ${name}`);
    await lies[name]?.(worker, job);
  }
}

function anyCall(worker: Worker, job: ClaimedJob, leaseId: string): Promise<unknown> {
  const { calls } = worker.parts;
  const { credential } = worker.profile;
  const end = worker.anotherEnd();
  const chunk = worker.chunk(job, 0, 'lie\n');
  const sent = { ...chunk, runId: '', jobKey: '' };
  return worker.random.pick([
    () => worker.call('lying end', (live) => calls.end(live, leaseId, credential, end)),
    () => worker.call('lying end', (live) => calls.end(live, leaseId, credential, end)),
    () => worker.call('lying heartbeat', (live) => calls.heartbeat(live, leaseId, credential)),
    () => worker.call('lying release', (live) => calls.release(live, leaseId, credential)),
    () => worker.call('lying logs', (live) => calls.logs(live, leaseId, credential, [sent], false)),
  ])();
}
