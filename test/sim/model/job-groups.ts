import { Random } from '../../crash/random.js';
import type { Definition, JobDef } from './definitions.js';
import { maxParallelOf } from './keys.js';
import type { Model, Place, Touched } from './model.js';
import { allJobs, type ModelJob, type ModelRun } from './states.js';

/** The concurrency of a job, as the simulation wrote it. */
export interface JobGroupDef {
  readonly name: string;
  readonly max: number;
}

/** Clocks of servers differ by less: of two that began to wait within it, either may be the first. */
const clockSlackMs = 1_000;

/** The definition with most of its jobs in a few groups; drawn by chances of its own, so that other worlds stay as they were. */
export function withJobGroups(definition: Definition, seed: number): Definition {
  if (definition.format !== 'json' || definition.isLarge) return definition;
  const random = new Random(seed);
  const jobs = definition.jobs.map(
    (job): JobDef => ({ ...job, group: random.chance(0.6) ? drawJobGroup(random) : null }),
  );
  const written = JSON.parse(definition.text) as { jobs: Record<string, object> };
  for (const { key, group } of jobs) {
    if (group == null) continue;
    const { name, max } = group;
    const concurrency = max === 1 ? `${name}-\${{ 1 }}` : { group: `${name}-1`, max };
    written.jobs[key] = { ...written.jobs[key], concurrency };
  }
  return { ...definition, jobs, text: JSON.stringify(written) };
}

function drawJobGroup(random: Random): JobGroupDef {
  return { name: random.pick(['lake', 'lake', 'sea']), max: random.pick([1, 1, 2, 3]) };
}

/** The name of the group as the server knows it. */
function keyOf(name: string): string {
  return `job:${name}-1`;
}

/** A job comes to its group and waits. */
export function applyHeld(model: Model, { job }: Place, atMs: number): void {
  job.enqueuedAtMs = atMs;
  model.world.count('job held');
}

/** A job that is in a group becomes claimable, for the first time in its generation: it has a place from now on. */
export function noteAdmitted(model: Model, place: Place, touched: Touched, atMs: number): void {
  touched.admitted.push({ place, sinceMs: place.job.state === 'held' ? place.job.enqueuedAtMs : atMs });
  if (place.job.state === 'held') model.world.count('job admitted');
}

/** What must hold of the groups of the jobs that a commit changed. */
export function checkJobGroups(model: Model, touched: Touched): void {
  const names = new Set([...touched.jobs.values()].flatMap(({ job }) => job.def.group?.name ?? []));
  for (const name of names) {
    const holders = membersOf(model, name, hasPlace);
    const held = membersOf(model, name, ({ state }) => state === 'held').filter(
      ({ run, job }) => model.held.gateOf(run.no * 2 ** 20 + job.def.ord) === keyOf(name),
    );
    const most = Math.max(0, ...holders.map(({ job }) => maxOf(job)));
    if (holders.length > most)
      model.violated('no group has more jobs than places', `${name}: ${holders.length} of ${most}`);
    if (held.length > 0 && held.every(({ job }) => holders.length < maxOf(job))) {
      model.violated('no job waits beside a free place', `${name}: ${nameOf(held[0])} beside ${holders.length}`);
    }
    for (const { place, sinceMs } of touched.admitted) {
      if (place.job.def.group?.name !== name) continue;
      const passed = held.find(({ job }) => {
        // When a child came here that passed the gate of its node before, no event says.
        if (maxParallelOf(job) !== null) return false;
        if (job.def.priority !== place.job.def.priority) return job.def.priority > place.job.def.priority;
        if (maxParallelOf(place.job) !== null) return false;
        return job.enqueuedAtMs < sinceMs - clockSlackMs;
      });
      if (passed !== undefined) {
        model.violated('a job goes past nobody who waits in its group', `${nameOf(place)} past ${nameOf(passed)}`);
      }
    }
    const [row] = model.database.rows<{ in_use: number }>('select in_use from gates where key = ?', keyOf(name));
    if ((row?.in_use ?? 0) !== holders.length) {
      model.violated('the places of jobs are counted', `${name}: ${row?.in_use}, not ${holders.length}`);
    }
  }
}

/** Whether a job of a group has a place in it: a retry keeps it through its backoff. */
function hasPlace({ state }: ModelJob): boolean {
  return state === 'queued' || state === 'delayed' || state === 'running';
}

function membersOf(model: Model, name: string, isMeant: (job: ModelJob) => boolean): Place[] {
  const found: Place[] = [];
  for (const run of openRuns(model)) {
    for (const job of allJobs(run)) if (job.def.group?.name === name && isMeant(job)) found.push({ run, job });
  }
  return found;
}

function openRuns(model: Model): ModelRun[] {
  return [...model.runs.values()].filter(({ open, hasJobGroups }) => open > 0 && hasJobGroups);
}

function maxOf({ def }: ModelJob): number {
  return def.group?.max ?? 0;
}

function nameOf(place: Place | undefined): string {
  return place === undefined ? 'nobody' : `${place.run.no}/${place.job.def.key}`;
}
