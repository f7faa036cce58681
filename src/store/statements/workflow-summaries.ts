import { sql } from 'kysely';
import { type Rows, rowSet } from '../row-set.js';
import { statement } from '../statement.js';
import type { WorkflowTable } from '../tables/definitions.js';
import type { RunTable } from '../tables/runs.js';

export interface WorkflowSummaryRow extends Pick<WorkflowTable, 'id' | 'source' | 'newest_run'> {
  no: number;
  number: number;
  name: string;
  trigger: string;
  job_count: number;
}

/** Workflows after an id, in the order of their ids. `pattern`: what the id or the name matches, in lower case. */
export const workflowSummaries = statement<{ after: string; pattern: string; limit: number }, WorkflowSummaryRow>(
  'workflowSummaries',
  ({ db, integer, text }) =>
    db
      .selectFrom('workflows as w')
      .innerJoin('versions as v', 'v.no', 'w.current_version')
      .where('w.removed_at_ms', 'is', null)
      .where('w.id', '>', text('after'))
      .where(
        sql<boolean>`(lower(w.id) like ${text('pattern')} escape '!' or lower(v.name) like ${text('pattern')} escape '!')`,
      )
      .orderBy('w.id')
      .limit(integer('limit'))
      .select(['w.no', 'w.id', 'w.source', 'w.newest_run', 'v.number', 'v.name', 'v.trigger', 'v.job_count']),
);

export type RecentRunRow = Pick<
  RunTable,
  'id' | 'workflow' | 'state' | 'created_at_ms' | 'started_at_ms' | 'ended_at_ms'
> & { no: number };

const workflowNumbers = rowSet({ no: 'integer' });

/** The last runs of workflows, in any order. `skip`: number of wanted runs after the first. */
export const recentRuns = statement<{ rows: Rows<typeof workflowNumbers>; skip: number }, RecentRunRow>(
  'recentRuns',
  ({ db, integer, rows }) =>
    db
      .selectFrom(rows('rows', workflowNumbers).as('r'))
      .innerJoin('runs as n', (join) =>
        join
          .onRef('n.workflow', '=', 'r.no')
          .on('n.no', '>=', (eb) =>
            eb.fn.coalesce(
              eb
                .selectFrom('runs as f')
                .whereRef('f.workflow', '=', 'r.no')
                .orderBy('f.no', 'desc')
                .limit(sql.lit(1))
                .offset(integer('skip'))
                .select('f.no'),
              sql<number>`0`,
            ),
          ),
      )
      .where('n.state', '!=', sql.lit<RunTable['state']>('creating'))
      .select(['n.no', 'n.id', 'n.workflow', 'n.state', 'n.created_at_ms', 'n.started_at_ms', 'n.ended_at_ms']),
);
