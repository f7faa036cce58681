import type { Kysely } from 'kysely';

/** The trace within which a run was started, so that every server can tell its spans. */
export const traceparent = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('runs').addColumn('traceparent', 'text').execute();
  },
};
