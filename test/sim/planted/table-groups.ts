import type { PlantedBug } from './planted-bug.js';

/** Bugs of groups of runs and of jobs. */
export const plantedInGroups: readonly PlantedBug[] = [
  {
    name: 'group: the place of a run that ended does not come back',
    file: 'engine/writer/batch-gates.js',
    find: '(this.returned.get(gate) ?? 0) + 1',
    replace: '(this.returned.get(gate) ?? 0)',
  },
  {
    name: 'group: the place of a run that ended comes back twice',
    file: 'engine/gates/admit-runs.js',
    find: 'gate.in_use - (batch.gates.returned.get(gate.no) ?? 0)',
    replace: 'gate.in_use - 2 * (batch.gates.returned.get(gate.no) ?? 0)',
  },
  {
    name: 'group: a place comes back from a run that was cancelled while it waited',
    file: 'engine/writer/batch-gates.js',
    find: 'if (wasHeld)',
    replace: 'if (false)',
  },
  {
    name: 'group: who asks goes past those that wait',
    file: 'domain/gates/decide-gate.js',
    find: 'waiting === 0 && inUse < max',
    replace: 'inUse < max',
  },
  {
    name: 'group: one more than the places is admitted',
    file: 'domain/gates/decide-gate.js',
    find: 'inUse + at >= max',
    replace: 'inUse + at > max',
  },
  {
    name: 'group: the last that waits is admitted first',
    file: 'store/statements/gates.js',
    find: ".orderBy('n.gate_since_ms')\n    .orderBy('n.no')\n    .limit(integer('limit'))\n    .select(['n.no', 'n.id',",
    replace:
      ".orderBy('n.gate_since_ms', 'desc')\n    .orderBy('n.no')\n    .limit(integer('limit'))\n    .select(['n.no', 'n.id',",
  },
  {
    name: 'group: the jobs of a run that waits are claimable',
    file: 'engine/runs/insert-runs.js',
    find: 'live: asked === null ? 1 : 0',
    replace: 'live: 1',
  },
  {
    name: 'group: nothing says that the jobs of an admitted run are to be decided',
    file: 'store/statements/gates.js',
    find: 'activate_from: sql.lit(0),',
    replace: 'activate_from: null,',
  },
  {
    name: 'group: nothing says that a superseded run is to be cancelled',
    file: 'store/statements/gates.js',
    find: 'cancel_from: sql.lit(0) }',
    replace: 'cancel_from: null }',
  },
  {
    name: 'group: a re-run begins without asking for a place',
    file: 'store/statements/reruns.js',
    find: 'case when ended_at_ms is not null and gate is not null then 1 else held end',
    replace: 'held',
  },
  {
    name: 'group: the jobs of a re-run are decided while its run waits',
    file: 'engine/runs/rerun-operations.js',
    find: 'if (asksAgain(run) || run.held === 1)\n        return',
    replace: 'if (false)\n        return',
  },
  {
    name: 'job group: the place of a job that ended does not come back',
    file: 'engine/leases/end-attempts.js',
    find: 'if (hasEnded(state))',
    replace: 'if (false)',
  },
  {
    name: 'job group: a retry gives its place back',
    file: 'engine/leases/end-attempts.js',
    find: 'if (hasEnded(state))',
    replace: 'if (true)',
  },
  {
    name: 'job group: the place of a job whose lease expired does not come back',
    file: 'engine/leases/end-attempts.js',
    find: 'batch.gates.left(places);',
    replace: "if (!ends.some(({ outcome }) => outcome === 'lease_expired')) batch.gates.left(places);",
  },
  {
    name: 'job group: the place of a cancelled job does not come back',
    file: 'engine/runs/cancel-run.js',
    find: 'batch.gates.left(places);',
    replace: ';',
  },
  {
    name: 'job group: a place comes back twice',
    file: 'engine/gates/admit-jobs.js',
    find: 'in_use - (gates.returned.get(no) ?? 0)',
    replace: 'in_use - 2 * (gates.returned.get(no) ?? 0)',
  },
  {
    name: 'job group: a held job that is cancelled gives a place back that it never had',
    file: 'engine/writer/batch-gates.js',
    find: 'if (sinceMs !== null)\n',
    replace: 'if (true)\n',
  },
  {
    name: 'job group: the last that waits is admitted first',
    file: 'store/statements/job-gates.js',
    find: "    .orderBy('j.enqueued_at_ms')\n    .orderBy('j.id')\n    .limit(integer('limit'))\n    .select(['j.id', 'j.places'",
    replace:
      "    .orderBy('j.enqueued_at_ms', 'desc')\n    .orderBy('j.id')\n    .limit(integer('limit'))\n    .select(['j.id', 'j.places'",
  },
  {
    name: 'job group: a job is claimable without its place',
    file: 'engine/runs/settle-jobs.js',
    find: "state: gates.length === 0 ? state : 'held', gates, queueTimeoutSecs",
    replace: 'state, queueTimeoutSecs',
  },
  {
    name: 'job group: nobody hears of the jobs that a gate admitted',
    file: 'engine/gates/admit-jobs.js',
    find: 'gates.claimable.add(label_set);\n            this.#knowledge.labelSets.noteClaimable(label_set);',
    replace: '',
  },
];
