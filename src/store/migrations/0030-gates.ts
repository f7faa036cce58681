import { type Kysely, sql } from 'kysely';
import type { DialectRecord } from '../dialect.js';

/** Concurrency groups of runs: the gates, which run is at which, and whether it waits there. */
export function gates(dialect: DialectRecord) {
  const integer = dialect.integerType;
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('gates')
        .modifyEnd(dialect.tableOptions)
        .addColumn('no', integer, (c) =>
          dialect.identity === 'identity'
            ? c.generatedByDefaultAsIdentity().primaryKey()
            : c.autoIncrement().primaryKey(),
        )
        .addColumn('key', dialect.textType, (c) => c.notNull().unique())
        .addColumn('in_use', integer, (c) => c.notNull().defaultTo(0))
        .addColumn('changed_at_ms', integer, (c) => c.notNull())
        .execute();
      await sql`create index gates_idle on gates (changed_at_ms) where in_use = 0`.execute(db);
      for (const column of ['gate', 'gate_max', 'gate_since_ms']) {
        await db.schema.alterTable('runs').addColumn(column, integer).execute();
      }
      for (const column of ['held', 'gate_cancels']) {
        await db.schema
          .alterTable('runs')
          .addColumn(column, integer, (c) => c.notNull().defaultTo(0))
          .execute();
      }
      await sql`create index runs_held on runs (gate, gate_since_ms, no) where held = 1`.execute(db);
      await sql`create index runs_of_gate on runs (gate, ended_at_ms) where gate is not null`.execute(db);
      await sql`create index runs_that_cancel on runs (gate) where gate_cancels = 1`.execute(db);
    },
  };
}
