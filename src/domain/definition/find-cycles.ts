/** Edges that the search for a shorter cycle than the first may visit, over all components. */
const edgesSearchedMax = 2_000_000;

/**
 * Finds dependency cycles: for each group of jobs that all need each other, one cycle, as indexes, each needing the
 * next and the last needing the first. It is the shortest of its group, unless the group is so big that a full search
 * would take too long. It starts with its lowest index; cycles are in the order of these. Self-needs are left out.
 *
 * Takes time linear in jobs and needs, and no recursion, so that a chain of any length is fine.
 */
export function findCycles(needs: readonly (readonly number[])[], cyclesMax: number): number[][] {
  if (isAcyclic(needs)) return [];
  const cycles: number[][] = [];
  const search = { budget: edgesSearchedMax, seenAt: new Int32Array(needs.length).fill(-1) };
  const group = groupOf(needs);
  const members = new Map<number, number[]>();
  for (let job = 0; job < needs.length; job++) {
    const id = group[job] ?? -1;
    const list = members.get(id);
    if (list === undefined) members.set(id, [job]);
    else list.push(job);
  }
  for (const jobs of members.values()) {
    if (jobs.length < 2) continue;
    if (cycles.length >= cyclesMax) break;
    cycles.push(shortestCycle(needs, group, jobs, search));
  }
  return cycles;
}

/** Removes jobs without open needs until none is left, or only those in and behind cycles are. */
function isAcyclic(needs: readonly (readonly number[])[]): boolean {
  const open = new Int32Array(needs.length);
  // Dependents as one array, cut by offsets: far cheaper than a list for each job.
  const offsets = new Int32Array(needs.length + 1);
  for (const [job, list] of needs.entries()) {
    open[job] = list.length;
    for (const need of list) offsets[need + 1] = (offsets[need + 1] ?? 0) + 1;
  }
  for (let job = 0; job < needs.length; job++) offsets[job + 1] = (offsets[job + 1] ?? 0) + (offsets[job] ?? 0);
  const fill = offsets.slice();
  const dependants = new Int32Array(offsets[needs.length] ?? 0);
  for (const [job, list] of needs.entries()) {
    for (const need of list) {
      const slot = fill[need] ?? 0;
      dependants[slot] = job;
      fill[need] = slot + 1;
    }
  }
  const ready: number[] = [];
  for (const [job, count] of open.entries()) if (count === 0) ready.push(job);
  let taken = 0;
  for (let job = ready.pop(); job !== undefined; job = ready.pop()) {
    taken++;
    for (let slot = offsets[job] ?? 0; slot < (offsets[job + 1] ?? 0); slot++) {
      const dependant = dependants[slot] ?? 0;
      const left = (open[dependant] ?? 0) - 1;
      open[dependant] = left;
      if (left === 0) ready.push(dependant);
    }
  }
  return taken === needs.length;
}

/** Tarjan's strongly connected components, with its own stack: the number of each job's group. */
function groupOf(needs: readonly (readonly number[])[]): Int32Array {
  const count = needs.length;
  const group = new Int32Array(count).fill(-1);
  const order = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const nextNeed = new Int32Array(count);
  const path: number[] = [];
  const pending: number[] = [];
  let clock = 0;
  let groups = 0;
  const enter = (job: number): void => {
    order[job] = clock;
    low[job] = clock++;
    path.push(job);
    pending.push(job);
  };
  const lower = (job: number, to: number): void => {
    if (to < (low[job] ?? 0)) low[job] = to;
  };
  for (let root = 0; root < count; root++) {
    if (order[root] !== -1) continue;
    enter(root);
    for (let job = path.at(-1); job !== undefined; job = path.at(-1)) {
      const slot = nextNeed[job] ?? 0;
      const need = needs[job]?.[slot];
      if (need !== undefined) {
        nextNeed[job] = slot + 1;
        if (order[need] === -1) enter(need);
        else if (group[need] === -1) lower(job, order[need] ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent, low[job] ?? 0);
      if (low[job] !== order[job]) continue;
      for (let member = pending.pop(); member !== undefined; member = pending.pop()) {
        group[member] = groups;
        if (member === job) break;
      }
      groups++;
    }
  }
  return group;
}

function shortestCycle(
  needs: readonly (readonly number[])[],
  group: Int32Array,
  jobs: readonly number[],
  search: { budget: number; seenAt: Int32Array },
): number[] {
  let best: number[] | null = null;
  for (const start of jobs) {
    if (best !== null && (best.length === 2 || search.budget <= 0)) break;
    const cycle = cycleThrough(needs, group, start, best?.length ?? Number.POSITIVE_INFINITY, search);
    if (cycle !== null) best = cycle;
  }
  const found = best ?? [];
  const lowest = found.indexOf(found.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY));
  return [...found.slice(lowest), ...found.slice(0, lowest)];
}

/** The shortest way from a job back to itself that is shorter than a given one, breadth first. */
function cycleThrough(
  needs: readonly (readonly number[])[],
  group: Int32Array,
  start: number,
  shorterThan: number,
  search: { budget: number; seenAt: Int32Array },
): number[] | null {
  const cameFrom = new Map<number, number>();
  let level = [start];
  search.seenAt[start] = start;
  for (let length = 1; level.length > 0 && length < shorterThan; length++) {
    const next: number[] = [];
    for (const job of level) {
      for (const need of needs[job] ?? []) {
        search.budget--;
        if (need === start) return wayTo(job, cameFrom);
        if (group[need] !== group[start] || search.seenAt[need] === start) continue;
        search.seenAt[need] = start;
        cameFrom.set(need, job);
        next.push(need);
      }
    }
    level = next;
  }
  return null;
}

function wayTo(job: number, cameFrom: ReadonlyMap<number, number>): number[] {
  const way: number[] = [];
  for (let at: number | undefined = job; at !== undefined; at = cameFrom.get(at)) way.push(at);
  return way.reverse();
}
