import { sql } from 'kysely';
import { statement } from '../statement.js';

const lookKey = sql.lit('doctor_look');
const foundKey = sql.lit('doctor_found');

/** Records that a check begins, unless one began at `beforeMs` or later: then it returns no row. */
export const takeDoctorTurn = statement<{ nowMs: number; beforeMs: number }, { key: string }>(
  'takeDoctorTurn',
  ({ db, dialect, integer }) =>
    db
      .insertInto('meta')
      .values({ key: lookKey, value: sql<string>`cast(${integer('nowMs')} as text)` })
      .onConflict((conflict) =>
        conflict
          .column('key')
          .doUpdateSet({ value: sql<string>`excluded.value` })
          .where(dialect.integer(sql.ref('meta.value')), '<', integer('beforeMs')),
      )
      .returning('key'),
);

/** Records the number of checks with violations. */
export const noteDoctorFound = statement<{ found: string }, never>('noteDoctorFound', ({ db, value }) =>
  db
    .insertInto('meta')
    .values({ key: foundKey, value: value('found') })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: sql<string>`excluded.value` })),
);

/** The result of the last finished check; no row when there is none. */
export const lastDoctorFound = statement<Record<string, never>, { value: string }>('lastDoctorFound', ({ db }) =>
  db.selectFrom('meta').where('key', '=', foundKey).select('value'),
);
