import { sql } from 'kysely';
import { runOf } from '../job-id-sql.js';
import type { Check } from './check.js';
import { ended, job } from './fragments.js';

/** Invariants of events. */
export const eventChecks: readonly Check[] = [
  {
    name: 'events-numbered',
    promise: 'No event has a number beyond the last that was assigned.',
    violations: () => sql`select 'event ' || cast(e.number as text) as subject from events as e
      where e.number > (select value from counters where name = 'event')`,
  },
  {
    name: 'events-without-gaps',
    promise: 'The numbers of the events have no gaps, except where runs were pruned.',
    violations: () => sql`select 'after event ' || cast(e.number as text) as subject from events as e
      left join events as f on f.number = e.number + 1
      where f.number is null and e.number < (select value from counters where name = 'event')
        and not exists (select 1 from counters as c where c.name = 'pruned_events' and c.value > 0)`,
  },
  {
    name: 'end-told-once',
    promise: 'A job that has ended has exactly one event that says so since its last re-run.',
    // Events are counted first: a lookup by run for each job would cost the square of the largest run.
    violations: () => sql`select ${job} as subject from jobs as j
      left join (select t.job, count(*) as ends, min(t.type) as type from events as t
        left join (select job, max(number) as number from events where type = 'job.waiting' group by job) as again
          on again.job = t.job
        where t.type in ('job.success', 'job.failure', 'job.skipped', 'job.cancelled') and t.run = ${runOf('t.job')}
          and (again.number is null or t.number > again.number)
        group by t.job) as e on e.job = j.id
      where j.state in ${ended} and (e.job is null or e.ends <> 1 or e.type <> 'job.' || j.state)`,
  },
];
