import type { Kysely } from 'kysely';

/** Workers, and tokens of workers, that take only jobs that require at least one label. */
export const onlyLabelled = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const table of ['workers', 'tokens']) {
      await db.schema
        .alterTable(table)
        .addColumn('only_labelled', 'integer', (c) => c.notNull().defaultTo(0))
        .execute();
    }
  },
};
