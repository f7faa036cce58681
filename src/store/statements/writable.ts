import { sql } from 'kysely';
import { statement } from '../statement.js';

/** Writes the time, for no reader: writing an unchanged value would not touch the disk, and prove nothing. */
export const noteWritable = statement<{ nowMs: number }, never>('noteWritable', ({ db, integer }) =>
  db
    .insertInto('meta')
    .values({ key: sql.lit('written_to_see_at'), value: sql<string>`cast(${integer('nowMs')} as text)` })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: sql<string>`excluded.value` })),
);
