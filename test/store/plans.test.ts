import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { migrateToLatest } from '../../src/store/migrate.js';
import { postgresDialect } from '../../src/store/postgres/postgres-dialect.js';
import { PostgresSession } from '../../src/store/postgres/session.js';
import { openDatabase } from '../../src/store/sqlite/open-database.js';
import { SqliteConnection } from '../../src/store/sqlite/sqlite-connection.js';
import { sqliteDialect } from '../../src/store/sqlite/sqlite-dialect.js';
import { everyStatement } from '../support/all-statements.js';
import { fillTables } from '../support/fill-tables.js';
import { scaled } from '../support/machine.js';
import { databaseKind } from '../support/open-test-store.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres/test-database.js';

/** The plans are those for tables of one size: with more rows the planner orders some joins differently. */
const largeJobs = Number(process.env.PLAN_JOBS ?? 100_000);

/** Tables that grow with use; a full scan of one, or of one of its indexes, is a fault. */
const growing = /^(jobs|attempts|runs|events|log_chunks|version_jobs|version_edges|workers|workflows|versions)$/;

/** Permitted scans, with the reason. */
const inOrder: Readonly<Record<string, string>> = {
  activeBackfills: 'the active backfills, by the index that has only those',
  anyActiveBackfill: 'the first entry of an index',
  allPauses: 'every pause: there are few',
  allTokens: 'every token: there are few',
  claimableBySet: 'figures for the operator: every queued job is counted',
  countPauses: 'every pause: there are few',
  deleteIdleGates: 'the pauses for each gate: there are few',
  fileWorkflows: 'every definition, when the folder has changed',
  drainingWorkers: 'every draining worker, from an index that has no other',
  gatesOfEndedPauses: 'the pauses for each of their gates: there are few',
  graceForLiveLeases: 'every live lease, by the index that has only those',
  listWorkers: 'a page of the workers, newest registration first',
  listWorkflows: 'a page of the definitions, in the order of their ids',
  liveAttempts: 'the live leases, by the index that has only those',
  liveAttemptsOfWorker: 'the same',
  newestEvent: 'the last entry of an index',
  nextDeadline: 'the first entry of an index',
  nextDelayedJob: 'the first entry of an index',
  nextQueueDeadline: 'the first entry of an index',
  nextRunDeadline: 'the first entry of an index',
  revokeToken: 'every token: there are few',
  runsThatCancel: 'the few runs that do, by the index that has only those',
  runsWithUnfinishedWork: 'the few runs that have some, by the index that has only those',
  unfinishedVersions: 'the few versions that are not whole, by the index that has only those',
  countPrunable: 'an operator asks how much there is to prune; counted in a session for long reads',
  unsettledJobs: 'the few jobs of which nobody was told, by the index that has only those',
};

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Alias?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

/**
 * A plan without its costs: what is read, by which index and condition. Whether rows are made distinct by sorting or by
 * hashing is left out: the costs are nearly equal, and the sampled statistics decide.
 */
function shapeOf(node: PlanNode, depth = 0): string[] {
  const [sort] = node.Plans ?? [];
  if (node['Node Type'] === 'Unique' && sort?.['Node Type'] === 'Sort') {
    return shapeOf({ ...node, 'Node Type': 'Aggregate', Plans: sort.Plans ?? [] }, depth);
  }
  const what = [node['Node Type'], node['Relation Name'], node['Index Name'] && `by ${node['Index Name']}`];
  const line = `${'  '.repeat(depth)}${what.filter(Boolean).join(' ')}${node['Index Cond'] ? `: ${node['Index Cond']}` : ''}`;
  return [line, ...(node.Plans ?? []).flatMap((plan) => shapeOf(plan, depth + 1))];
}

/** Whether a condition on an index is more than a check for null. */
function looksUp(condition: string): boolean {
  return condition.replaceAll(/\(*\w+ IS NOT NULL\)*( AND )?/g, '') !== '';
}

/** The full scans of a plan. */
function scansOf(node: PlanNode): string[] {
  const table = node['Relation Name'];
  const isScan =
    table !== undefined &&
    growing.test(table) &&
    (node['Node Type'] === 'Seq Scan' ||
      (/^Index (Only )?Scan$/.test(node['Node Type']) && !looksUp(node['Index Cond'] ?? '')));
  return [
    ...(isScan ? [`${node['Node Type']} ${table} ${node['Index Name'] ?? ''}`.trim()] : []),
    ...(node.Plans ?? []).flatMap(scansOf),
  ];
}

const withoutAutovacuum = `do $$ declare t text; begin
  for t in select tablename from pg_tables where schemaname = 'public' loop
    execute format('alter table %I set (autovacuum_enabled = off)', t);
  end loop; end $$`;

describe.runIf(databaseKind === 'postgres')('the plans of PostgreSQL', () => {
  const sizes = { empty: 0, small: 50, large: largeJobs };
  const databases = new Map<string, { database: TestDatabase; session: PostgresSession }>();
  let statements: Awaited<ReturnType<typeof everyStatement>>;

  beforeAll(async () => {
    statements = await everyStatement();
    for (const [size, jobs] of Object.entries(sizes)) {
      const database = await createTestDatabase(inject('postgresUrl'));
      const options = {
        applicationName: 'plans',
        statementTimeoutMs: scaled(120_000),
        connectTimeoutMs: scaled(5_000),
      };
      const session = await PostgresSession.open({ url: database.url, ...options });
      // Sampled statistics vary between runs, and with them plans of nearly equal cost.
      await session.command(withoutAutovacuum);
      await session.command('set default_statistics_target = 10000');
      if (jobs > 0) await fillTables(session, jobs);
      await session.command('set default_statistics_target = 100');
      databases.set(size, { database, session });
    }
  }, scaled(300_000));

  afterAll(async () => {
    for (const { database, session } of databases.values()) {
      await session.close();
      await database.drop();
    }
  });

  async function planOf(size: string, sql: string): Promise<PlanNode> {
    const session = databases.get(size)?.session;
    if (session === undefined) throw new Error(size);
    await session.command(`prepare planned as ${sql}`);
    try {
      const count = new Set(sql.match(/\$\d+/g) ?? []).size;
      const values = count === 0 ? '' : `(${Array.from({ length: count }, () => 'null').join(', ')})`;
      const rows = await session.query(`explain (format json) execute planned${values}`, []);
      const [explained] = rows as unknown as [{ 'QUERY PLAN': [{ Plan: PlanNode }] }];
      return explained['QUERY PLAN'][0].Plan;
    } finally {
      await session.command('deallocate planned');
    }
  }

  it('scan no table in full, whatever the statistics say', async () => {
    const scans: string[] = [];
    for (const { name, sql } of statements) {
      if (name in inOrder) continue;
      for (const size of Object.keys(sizes)) {
        for (const scan of scansOf(await planOf(size, sql(postgresDialect)))) scans.push(`${name}, ${size}: ${scan}`);
      }
    }
    expect(scans).toEqual([]);
  });

  it('are the same for empty, small and large tables, and those of golden/postgres-plans.txt', async () => {
    const plans: string[] = [];
    for (const { name, sql } of statements) {
      const shapes = new Map<string, string[]>();
      for (const size of Object.keys(sizes)) {
        const shape = shapeOf(await planOf(size, sql(postgresDialect))).join('\n');
        shapes.set(shape, [...(shapes.get(shape) ?? []), size]);
      }
      for (const [shape, at] of shapes)
        plans.push(`-- ${name}${shapes.size > 1 ? ` (${at.join(', ')})` : ''}\n${shape}\n`);
    }
    await expect(plans.join('\n')).toMatchFileSnapshot('golden/postgres-plans.txt');
  });
});

describe.runIf(databaseKind === 'sqlite')('the plans of SQLite', () => {
  it.each([0, 50, largeJobs])(
    'scan no table in full, also after a manual ANALYZE, with %i jobs',
    async (jobs) => {
      const folder = mkdtempSync(join(tmpdir(), 'workflow-graph-plans-'));
      const file = join(folder, 'test.db');
      const before = new SqliteConnection(openDatabase(file, 'write'));
      await migrateToLatest(before);
      if (jobs > 0) await fillTables(before, jobs);
      before.close();
      const connection = new SqliteConnection(openDatabase(file, 'write'));
      const scans: string[] = [];
      for (const { name, sql } of await everyStatement()) {
        const text = sql(sqliteDialect);
        const values = Array.from({ length: text.split('?').length - 1 }, () => null);
        const steps = connection.query(`explain query plan ${text}`, values) as unknown as { detail: string }[];
        for (const { detail } of steps) if (isScan(detail) && !(name in inOrder)) scans.push(`${name}: ${detail}`);
      }
      connection.close();
      rmSync(folder, { recursive: true });
      expect(scans).toEqual([]);
    },
    120_000,
  );
});

/**
 * Of a table, not of a parameter's rows (`s`, `jsonb_each` and so on), nor of the result of a subquery or a recursive
 * one (`found`, `reached`).
 */
function isScan(detail: string): boolean {
  const gathered = /^SCAN (s|c|lengths|places|json_each|jsonb_each|found|reached|CONSTANT ROW|\(subquery-\d+\))(?!\w)/;
  return /^SCAN /.test(detail) && !gathered.test(detail);
}
