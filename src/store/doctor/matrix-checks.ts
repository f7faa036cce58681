import { sql } from 'kysely';
import { firstJobOf, runOf } from '../job-id-sql.js';
import type { Check } from './check.js';
import { ended, job } from './fragments.js';

/** Each child of a node that has opened: those of an earlier generation that are too many now are left out. */
const childrenOfNodes = sql`jobs as j join matrices as m
    on m.job = ${firstJobOf(runOf('j.id'))} + j.group_ord
  where j.group_ord is not null and j.idx < m.total`;

/** What must hold of jobs with a matrix and their children. */
export const matrixChecks: readonly Check[] = [
  {
    name: 'node-is-open',
    promise: 'A job with a matrix is open exactly while a child of it is, or while its end is about to be decided.',
    violations: () => sql`select ${job} || ' is ' || j.state as subject from jobs as j
      join runs as n on n.no = ${runOf('j.id')} left join matrices as m on m.job = j.id
      where n.rerun_from is null and ((j.state = 'open' and (m.job is null or (m.open = 0 and m.to_do = 0)))
        or (j.state in ${ended} and m.open > 0))`,
  },
  {
    name: 'children-are-made',
    promise: 'A job with a matrix has a child for each combination, with the indexes 0 to n - 1.',
    violations: () => sql`select ${job} as subject from matrices as m join jobs as j on j.id = m.job
      left join (select m.job, count(*) as children, count(distinct j.idx) as indexes from ${childrenOfNodes}
        group by m.job) as c on c.job = m.job
      where j.state <> 'waiting' and coalesce(c.children, 0) <> coalesce(m.expand_from, m.total)
        or coalesce(c.indexes, 0) <> coalesce(c.children, 0)`,
  },
  {
    name: 'children-counted',
    promise: 'The counts of a job with a matrix are those of its children; one that is being stopped has not ended.',
    violations: () => sql`select ${job} as subject from matrices as m join jobs as j on j.id = m.job
      left join (select m.job,
          sum(case when j.state in ${ended} and j.settled = 1 then 1 else 0 end) as ended,
          sum(case when j.state = 'failure' then 1 else 0 end) as failed,
          sum(case when j.state = 'cancelled' and j.settled = 1 then 1 else 0 end) as cancelled
        from ${childrenOfNodes} group by m.job) as c on c.job = m.job
      where j.state <> 'waiting' and (m.open <> m.total - coalesce(c.ended, 0) or m.failed <> coalesce(c.failed, 0)
        or m.cancelled <> coalesce(c.cancelled, 0))`,
  },
  {
    name: 'matrix-work-marked',
    promise: 'What is still to be done about a job with a matrix is marked.',
    violations: () => sql`select ${job} as subject from matrices as m join jobs as j on j.id = m.job
      where m.to_do = 0 and (m.expand_from is not null or m.decide_from is not null or m.cancel_from is not null)`,
  },
];
