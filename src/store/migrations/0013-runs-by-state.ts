import type { Kysely } from 'kysely';

/** The index that finds runs in a rare state among many. */
export const runsByState = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.createIndex('runs_by_state').on('runs').columns(['state', 'no']).execute();
  },
};
