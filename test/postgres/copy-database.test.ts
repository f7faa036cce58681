import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createEngine, type RunningEngine } from '../../src/engine/create-engine.js';
import type { ClaimedJob } from '../../src/engine/engine.js';
import { environmentOf, openStore } from '../../src/open-store.js';
import { copyDatabase, type OnProgress } from '../../src/store/copy/copy-database.js';
import { openCopyEnd } from '../../src/store/copy/copy-end.js';
import { copiedTables, leftTables } from '../../src/store/copy/tables.js';
import { kyselyOver } from '../../src/store/kysely-over.js';
import type { Store } from '../../src/store/store.js';
import { createToken, listTokens } from '../../src/tokens.js';
import { storedLog } from '../support/engine-fixture.js';
import { fillTables } from '../support/fill-tables.js';
import { caller, claim, define, startRun, stateOf } from '../support/postgres/engines.js';
import { createTestDatabase, queryOnce, type TestDatabase } from '../support/postgres/test-database.js';
import { runProgram, startProgram } from '../support/program.js';
import { runQuery } from '../support/run-query.js';

let folder: string;
let database: TestDatabase;
let sqlite: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'workflow-graph-copy-'));
  sqlite = `sqlite:${join(folder, 'workflow-graph.db')}`;
  database = await createTestDatabase(inject('postgresUrl'), 'empty');
});

afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database.drop();
});

async function withServer<T>(
  where: 'sqlite' | 'postgres',
  work: (engine: RunningEngine, store: Store) => Promise<T>,
): Promise<T> {
  const databaseUrl = where === 'postgres' ? database.url : null;
  const config = { dataDir: folder, databaseUrl, databaseListenUrl: null, insecureDurability: false };
  const fail = (error: Error) => {
    throw error;
  };
  const store = await openStore(config, { as: 'server', onFatal: fail, onEvent() {} });
  const engine = await createEngine({
    store,
    environment: await environmentOf(store),
    log: pino({ level: 'silent' }),
    reapIntervalMs: 1_000,
  });
  try {
    return await work(engine, store);
  } finally {
    await engine.stop();
    await store.close();
  }
}

async function copy(from: string, to: string, onProgress: OnProgress = () => {}) {
  const source = await openCopyEnd(from, true);
  try {
    const target = await openCopyEnd(to, false);
    try {
      return await copyDatabase(source, target, onProgress);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function fill(jobs: number): Promise<void> {
  const end = await openCopyEnd(sqlite, false);
  await fillTables(end.connection, jobs);
  await end.close();
}

describe('a copy', () => {
  it('copies everything, in both directions: a run continues with its leases, logs, outputs and tokens', async () => {
    const begun = await withServer('sqlite', async (engine, store) => {
      await createToken(store, engine.context.environment, {
        name: 't',
        scopes: ['read'],
        labels: null,
        onlyLabelled: false,
        expiresAtMs: null,
      });
      await define(
        engine,
        'w',
        'jobs: { a: { run: x }, b: { run: x, needs: a, labels: [gpu] }, c: { run: x, needs: b } }',
      );
      const run = await startRun(engine, 'w');
      const [a] = await claim(engine);
      const chunk = {
        runId: '',
        jobKey: '',
        sequence: 0,
        data: 'hé\n"x"\\',
        timestampMs: 5,
        stream: 'stdout' as const,
      };
      await engine.pushLogs(caller, a?.leaseId ?? '', [chunk]);
      await engine.completeJob(caller, a?.leaseId ?? '', new Map([['k', 'v']]));
      const [b] = await claim(engine, { labels: ['gpu'] });
      return { run, b: b as ClaimedJob };
    });

    const there = await copy(sqlite, database.url);
    expect(there.resumed).toBe(false);
    const c = await withServer('postgres', async (engine, store) => {
      expect((await listTokens(store)).map(({ name }) => name)).toEqual(['t']);
      expect((await storedLog(engine, begun.run, 'a')).map(({ data }) => data)).toEqual(['hé\n"x"\\']);
      await engine.completeJob(caller, begun.b.leaseId, new Map([['from', 'postgres']]));
      const [job] = await claim(engine);
      expect(job?.upstreamOutputs.get('b')).toEqual(new Map([['from', 'postgres']]));
      // Sequences continue.
      await startRun(engine, 'w');
      return job as ClaimedJob;
    });

    rmSync(join(folder, 'workflow-graph.db'));
    const back = await copy(database.url, sqlite);
    expect(back.tables.map(({ table }) => table)).toEqual(copiedTables.map(({ name }) => name));
    await withServer('sqlite', async (engine) => {
      await engine.completeJob(caller, c.leaseId, new Map());
      expect(await stateOf(engine, begun.run)).toBe('success');
      await startRun(engine, 'w');
      expect((await engine.listRuns(runQuery())).runs).toHaveLength(3);
    });
  });

  it('knows every table', async () => {
    const end = await openCopyEnd(database.url, true);
    const tables = await kyselyOver(end.connection).introspection.getTables({ withInternalKyselyTables: true });
    await end.close();
    expect(tables.map(({ name }) => name).sort()).toEqual(
      [...copiedTables.map(({ name }) => name), ...leftTables].sort(),
    );
  });

  it('has equal counts and checksums in both directions', async () => {
    await fill(3_000);
    const there = await copy(sqlite, database.url);
    expect(there.tables.find(({ table }) => table === 'jobs')?.rows).toBe(3_000);
    rmSync(join(folder, 'workflow-graph.db'));
    expect((await copy(database.url, sqlite)).tables).toEqual(there.tables);
  });

  it('resumes where it was interrupted, and until then no server starts on the copy', async () => {
    await fill(12_000);
    await expect(
      copy(sqlite, database.url, ({ table, rows }) => {
        if (table === 'jobs' && rows >= 5_000) throw new Error('stopped');
      }),
    ).rejects.toThrow('stopped');
    const [some] = await queryOnce<{ count: number }>(database.url, 'select count(*)::int as count from jobs');
    expect(some?.count).toBe(5_000);
    await expect(withServer('postgres', async () => {})).rejects.toThrow(/is unfinished/);
    const copied: string[] = [];
    const report = await copy(sqlite, database.url, ({ phase, table }) => {
      if (phase === 'copy') copied.push(table);
    });
    expect(report.resumed).toBe(true);
    expect(copied[0]).toBe('jobs');
    expect(report.tables.find(({ table }) => table === 'jobs')?.rows).toBe(12_000);
    await withServer('postgres', async () => {});
  });

  it('detects changes during the copy', async () => {
    await fill(3_000);
    let isChanged = false;
    await expect(
      copy(sqlite, database.url, async ({ phase, table }) => {
        if (phase !== 'verify' || table !== 'runs' || isChanged) return;
        isChanged = true;
        await queryOnce(database.url, 'update jobs set priority = 7 where id = (select max(id) from jobs)');
      }),
    ).rejects.toThrow(/^jobs differs between/);
  });

  it('refuses a target that is not empty, a server at either end, and anything that is not a database', async () => {
    await fill(100);
    await withServer('postgres', async (engine) => {
      await define(engine, 'w', 'jobs: { a: { run: x } }');
      await expect(copy(sqlite, database.url)).rejects.toThrow(/A server uses .*Stop every server first/);
    });
    await expect(copy(sqlite, database.url)).rejects.toThrow(/is not empty: its table workflows has rows/);
    await expect(copy(`sqlite:${folder}/none.db`, database.url)).rejects.toThrow(/No such database/);
    await expect(copy('mysql://x', database.url)).rejects.toThrow(/neither sqlite:<file> nor postgres/);
    await withServer('sqlite', async () => {
      await expect(copy(sqlite, database.url)).rejects.toThrow(/Another server/);
    });
  });
});

describe('migrate --from --to', () => {
  it('shows its progress and a summary', async () => {
    await fill(2_000);
    const ran = await runProgram(['migrate', '--from', sqlite, '--to', database.url]);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toMatch(
      /^Copied \d+ rows of 24 tables to 127\.0\.0\.1:\d+\/workflow_graph_test_\w+ and compared them\.\n$/,
    );
    expect(ran.stderr).toMatch(/copying counters: \d+ of \d+ rows/);
    expect(`${ran.stdout}${ran.stderr}`).not.toContain(`:${new URL(database.url).password}@`);
    const again = await runProgram(['migrate', '--from', sqlite, '--to', database.url]);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('is not empty') });
    expect(await runProgram(['migrate', '--from', sqlite])).toMatchObject({ code: 2 });
  });

  it('resumes after a kill', async () => {
    await fill(40_000);
    const args = ['migrate', '--from', sqlite, '--to', database.url, '--json'];
    const first = startProgram(args);
    await first.printed(/copying/);
    await new Promise((resolve) => setTimeout(resolve, 300));
    first.signal('SIGKILL');
    await first.ended;
    const { code, stdout } = await runProgram(args);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { resumed: boolean; tables: { table: string; rows: number }[] };
    expect(report.tables.find(({ table }) => table === 'jobs')?.rows).toBe(40_000);
  });
});
