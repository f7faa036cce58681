import { isDeepStrictEqual } from 'node:util';
import type { ClaimedJob, ClaimJobs } from '../../../src/engine/engine.js';
import type { Lease } from '../model/lease.js';
import { endStates, type ModelJob } from '../model/states.js';
import type { Simulation } from '../simulation.js';

/** The leases that each request was answered with. */
const byRequest = new WeakMap<Simulation, Map<string, Lease[]>>();

/**
 * Judges what a claim was answered with.
 *
 * @param before how many events there were when the claim came; null for jobs that were pushed
 */
export function checkClaim(
  simulation: Simulation,
  input: ClaimJobs,
  jobs: readonly ClaimedJob[],
  before: number | null,
): void {
  const { world, leases } = simulation;
  if (jobs.length > input.maxJobs) world.violated('a claim gets no more than it asked for', `${jobs.length} jobs`);
  const granted: Lease[] = [];
  for (const job of jobs) {
    const lease = leases.granted(job, input.caller.credential, before === null);
    if (lease === null) continue;
    granted.push(lease);
    if (lease.credential !== input.caller.credential) {
      world.violated('a lease is told to nobody else', `${job.leaseId} was told to ${input.workerId}`);
    }
    checkJob(simulation, input, job, lease);
  }
  if (input.requestId !== null) checkRepeat(simulation, input, input.requestId, granted);
}

function checkJob(simulation: Simulation, input: ClaimJobs, job: ClaimedJob, { attempt }: Lease): void {
  const { world } = simulation;
  const { run, job: known } = attempt;
  const name = `${run.no}/${known.def.key}`;
  const missing = known.def.labels.filter((label) => !input.labels.includes(label));
  if (known.def.labels.length === 0 && input.onlyLabelled) {
    world.violated('a worker that takes only labelled jobs gets no other', `${input.workerId} got ${name}`);
  }
  if (missing.length > 0) world.violated('a worker has the labels of its job', `${name} needs ${missing.join(', ')}`);
  if (JSON.stringify([...job.inputs]) !== JSON.stringify([...run.inputs])) {
    world.violated('inputs reach every job', name);
  }
  // A need that was re-run since, while this job went on, is not what it was when the job was claimed.
  checkChild(simulation, job, known, name);
  const needsOf = known.def.needs.map((ord) => run.jobs[ord]);
  if (needsOf.some((need) => (need?.resetAtMs ?? 0) >= attempt.claimedAtMs)) return;
  if (needsOf.some((need) => !endStates.has(need?.state ?? ''))) world.violated('a job begins after its needs', name);
  const right = needsOf
    .filter((need) => need?.state === 'success' || (need?.def.matrix != null && need.outputs.size > 0))
    .map((need) => [need?.def.key ?? '', [...(need?.outputs ?? [])].sort()] as const);
  const told = [...job.upstreamOutputs].map(([key, outputs]) => [key, [...outputs].sort()] as const);
  if (JSON.stringify(told.sort(byKey)) !== JSON.stringify(right.sort(byKey))) {
    world.violated(
      'outputs reach the jobs that need them',
      `${name} got ${JSON.stringify(told)}, not ${JSON.stringify(right)}`,
    );
  }
  if (told.length > 0) world.count('outputs handed on', told.length);
}

/** A child knows its node, its index and its values. */
function checkChild(simulation: Simulation, job: ClaimedJob, known: ModelJob, name: string): void {
  const { child } = job;
  if (child === null && known.node === null) return;
  const isRight =
    child !== null &&
    child.group === known.node?.def.key &&
    child.index === known.index &&
    isDeepStrictEqual(JSON.parse(child.matrix), known.combination);
  if (isRight) simulation.world.count('child claimed');
  else simulation.world.violated('a child is told its values', `${name} got ${JSON.stringify(child)}`);
}

/** The same request gets the same jobs while their leases live and their workers are not told to stop them. */
function checkRepeat(simulation: Simulation, input: ClaimJobs, requestId: string, granted: readonly Lease[]): void {
  const { world, clock } = simulation;
  const key = `${input.caller.credential}/${requestId}`;
  let requests = byRequest.get(simulation);
  if (requests === undefined) {
    requests = new Map();
    byRequest.set(simulation, requests);
  }
  const earlier = requests.get(key) ?? [];
  const repeated = granted.filter((lease) => earlier.includes(lease));
  if (repeated.length > 0) world.count('claim repeated');
  requests.set(key, [...new Set([...earlier, ...granted])]);
  if (earlier.length === 0 || granted.length === 0) return;
  const live = earlier.filter(
    ({ attempt, sureUntilMs }) =>
      attempt.outcome === null && attempt.stop === null && sureUntilMs > clock.databaseNow() + 100,
  );
  const forgotten = live.filter((lease) => !granted.includes(lease));
  if (forgotten.length > 0) {
    world.violated(
      'a repeated claim gets the first answer',
      `${requestId} has ${forgotten[0]?.id}, got ${granted[0]?.id}`,
    );
  }
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
