import { sql } from 'kysely';
import type { Check } from './check.js';
import { job, jobsOfRuns } from './fragments.js';

/** Invariants of re-runs. */
export const rerunChecks: readonly Check[] = [
  {
    name: 'budget-of-generation',
    promise: 'A job was last reset in a generation of its run, and its retries count from one of its attempts.',
    violations: () => sql`select ${job} as subject from ${jobsOfRuns}
      where j.generation > n.generation or j.budget_from > j.attempt or (j.generation = 1 and j.budget_from <> 0)`,
  },
  {
    name: 'generations-recorded',
    promise: 'Each generation of a run after the first has its re-run.',
    violations: () => sql`select 'run ' || n.id as subject from runs as n
      left join (select i.run, count(*) as reruns, max(i.generation) as newest from reruns as i group by i.run) as r
        on r.run = n.no
      where n.generation <> 1 + coalesce(r.reruns, 0) or n.generation <> coalesce(r.newest, 1)`,
  },
  {
    name: 'reruns-of-runs',
    promise: 'Every re-run belongs to a run.',
    violations: () => sql`select 'run row ' || cast(r.run as text) as subject from reruns as r
      left join runs as n on n.no = r.run where n.no is null`,
  },
];
