import { sql } from 'kysely';
import type { Check } from './check.js';

/** What must hold of server variables. */
export const variableChecks: readonly Check[] = [
  {
    name: 'variable-is-of-a-workflow',
    promise: 'A variable belongs to the server or to a workflow that there is.',
    violations: () => sql`select 'variable ' || x.name || ' of workflow ' || cast(x.workflow as text) as subject
      from variables as x left join workflows as w on w.no = x.workflow
      where x.workflow <> 0 and w.no is null`,
  },
];
