import { type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/**
 * Columns for the cap on logs: which part of an attempt's log was dropped, and what short chunks count. It also
 * recounts the stored logs: U+0000 was counted before it became U+FFFD, which is three times as long, and a log that
 * had reached the old cap counted the cap twice.
 */
export function logGaps(dialect: DialectRecord) {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .alterTable('attempts')
        .addColumn('log_padding', dialect.integerType, (column) => column.notNull().defaultTo(0))
        .execute();
      await db.schema.alterTable('attempts').addColumn('log_gap', dialect.textType).execute();
      await db.schema.alterTable('attempts').addColumn('log_gap_outputs', dialect.textType).execute();
      await sql`update attempts set log_bytes = s.bytes, log_padding = s.padding
        from (
          select job, attempt, sum(octet_length(data)) as bytes,
            sum(case when octet_length(data) < 128 then 128 - octet_length(data) else 0 end) as padding
          from log_chunks group by job, attempt
        ) as s
        where attempts.job = s.job and attempts.number = s.attempt
          and (attempts.log_bytes <> s.bytes or attempts.log_padding <> s.padding)`.execute(db);
    },
  };
}
