import type { Kysely } from 'kysely';

/** The trace that a run was started within, so that every server can export its spans. */
export const traceparent = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('runs').addColumn('traceparent', 'text').execute();
  },
};
