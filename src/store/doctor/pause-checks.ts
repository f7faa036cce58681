import { sql } from 'kysely';
import { runOf } from '../job-id-sql.js';
import type { Check } from './check.js';
import { job } from './fragments.js';

/** What must hold of pauses. */
export const pauseChecks: readonly Check[] = [
  {
    name: 'pause-is-of-something',
    promise: 'A pause is of a workflow or a run that there is, and has its gate; or it is of a label.',
    violations: () => sql`select 'pause of ' || p.kind || ' ' || p.subject as subject from pauses as p
      left join gates as g on g.no = p.gate
      left join runs as n on p.kind = 'run' and n.no = p.target
      left join workflows as w on p.kind = 'workflow' and w.no = p.target
      where (p.kind = 'label') <> (p.gate is null) or (p.kind <> 'label' and (g.no is null or (n.no is null and w.no is null)))`,
  },
  {
    name: 'paused-is-held',
    promise:
      'No job of a run that has been paused for two minutes is claimable, and every held one is at the gate of the pause.',
    violations: () => sql`select ${job} as subject from pauses as p join jobs as j on ${runOf('j.id')} = p.target
      where p.kind = 'run' and (j.state = 'queued' or (j.state = 'held' and j.gate <> p.gate))
        and p.paused_at_ms < (select max(n.at_ms) from events as n) - 120000`,
  },
];
