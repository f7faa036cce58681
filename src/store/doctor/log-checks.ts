import { sql } from 'kysely';
import { runOf } from '../job-id-sql.js';
import type { Check } from './check.js';

/** Invariants of logs. */
export const logChecks: readonly Check[] = [
  {
    name: 'logs-of-attempts',
    promise: 'Every log chunk belongs to an attempt.',
    violations: () => sql`select 'job row ' || cast(c.job as text) || ', attempt ' || cast(c.attempt as text) as subject
      from log_chunks as c left join attempts as a on a.job = c.job and a.number = c.attempt
      where a.job is null group by c.job, c.attempt`,
  },
  {
    name: 'log-bytes',
    promise:
      'The counted bytes of a log are those stored; the log of a run that has ended, even if it was re-run since, may be pruned.',
    violations: ({ bytes }) => sql`select 'job row ' || cast(a.job as text) || ', attempt ' || cast(a.number as text)
        || ' counts ' || cast(a.log_bytes as text) || ', stored are ' || cast(c.bytes as text) as subject
      from attempts as a join (select i.job, i.attempt, sum(${bytes(sql`i.data`)}) as bytes
          from log_chunks as i group by i.job, i.attempt) as c
        on c.job = a.job and c.attempt = a.number
      join runs as n on n.no = ${runOf('a.job')}
      where a.log_bytes < c.bytes or (a.log_bytes > c.bytes and n.ended_at_ms is null and n.generation = 1)`,
  },
  {
    name: 'log-gap',
    promise: 'No stored chunk lies in the gap of a log, and every gap lies before a chunk.',
    violations: ({ jsonInteger }) => {
      const at = (end: string, part: string) => jsonInteger(sql`a.log_gap`, [end, part]);
      return sql`select 'job row ' || cast(a.job as text) || ', attempt ' || cast(a.number as text) as subject
        from attempts as a join runs as n on n.no = ${runOf('a.job')}
        left join log_chunks as c on c.job = a.job and c.attempt = a.number
        where a.log_gap is not null
        group by a.job, a.number, n.ended_at_ms, n.generation
        having sum(case when (c.sequence, c.stream) >= (${at('from', 'sequence')}, ${at('from', 'stream')})
            and (c.sequence, c.stream) <= (${at('to', 'sequence')}, ${at('to', 'stream')}) then 1 else 0 end) > 0
          or (n.ended_at_ms is null and n.generation = 1
            and sum(case when (c.sequence, c.stream) > (${at('to', 'sequence')}, ${at('to', 'stream')})
              then 1 else 0 end) = 0)`;
    },
  },
];
