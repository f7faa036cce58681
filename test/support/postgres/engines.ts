import pg from 'pg';
import pino from 'pino';
import { inject } from 'vitest';
import { createEngine, type RunningEngine } from '../../../src/engine/create-engine.js';
import type { ClaimedJob, ClaimJobs } from '../../../src/engine/engine.js';
import { secretHash } from '../../../src/engine/secret-hash.js';
import { environmentOf } from '../../../src/open-store.js';
import type { DatabaseEvent } from '../../../src/store/database-event.js';
import { openPostgresStore } from '../../../src/store/postgres/open-postgres-store.js';
import type { Store } from '../../../src/store/store.js';
import { expectHealthy } from '../healthy.js';
import { createTestDatabase, queryOnce, type TestDatabase } from './test-database.js';

export const caller = { credential: null };

/** An engine as a server runs it: on the real clock, one of several on its database. */
export interface Member {
  readonly engine: RunningEngine;
  readonly store: Store;
  /** The state changes of the database that this server saw. */
  readonly news: DatabaseEvent[];
  stop(): Promise<void>;
}

export interface JoinOptions {
  /** The address where it listens, if it differs from the one for writes. */
  readonly listenUrl?: string | null;
  readonly withoutLoops?: boolean;
  /** How far its idea of the database's time is ahead. */
  readonly aheadMs?: number;
}

/** Several engines on one PostgreSQL database. */
export class Engines {
  readonly url: string;
  readonly members: Member[] = [];
  /** Longest sleep of the loops of servers that join. */
  reapIntervalMs = 1_000;
  readonly #database: TestDatabase | null;

  private constructor(url: string, database: TestDatabase | null) {
    this.url = url;
    this.#database = database;
  }

  /** @param url a migrated database; by default a new one */
  static async start(count: number, url?: string): Promise<Engines> {
    const database = url === undefined ? await createTestDatabase(inject('postgresUrl')) : null;
    const engines = new Engines(url ?? database?.url ?? '', database);
    for (let at = 0; at < count; at++) engines.members.push(await engines.join());
    return engines;
  }

  /** Adds a server. @param url its connection to the database, if it differs from the others */
  async join(
    url = this.url,
    { listenUrl = null, withoutLoops = false, aheadMs = 0 }: JoinOptions = {},
  ): Promise<Member> {
    const news: DatabaseEvent[] = [];
    const store = await openPostgresStore({
      url,
      listenUrl,
      insecureDurability: false,
      listen: true,
      onEvent: (item) => news.push(item),
    });
    const environment = await environmentOf(store);
    const engine = await createEngine({
      store,
      environment: aheadMs === 0 ? environment : { ...environment, now: () => environment.now() + aheadMs },
      log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
      reapIntervalMs: withoutLoops ? 1_000 : this.reapIntervalMs,
      withoutLoops,
    });
    return {
      engine,
      store,
      news,
      async stop() {
        await engine.stop();
        await store.close();
      },
    };
  }

  /** Returns a member by its number. */
  at(number: number): Member {
    const member = this.members[number % this.members.length];
    if (member === undefined) throw new Error('there is no engine');
    return member;
  }

  /** Acts as another server that is serving this request: it holds the lock on the request until `end`. */
  async holdRequest(requestId: string): Promise<pg.Client> {
    const session = new pg.Client({ connectionString: this.url });
    // If the test fails, the lock ends with the database.
    session.on('error', () => {});
    await session.connect();
    await session.query('begin');
    await session.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [secretHash(requestId)]);
    return session;
  }

  query<R extends Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    return queryOnce<R>(this.url, text, values);
  }

  /** Stops the servers and runs the doctor. The database is removed if they created it. */
  async end(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
    try {
      await this.#examine(this.url);
    } finally {
      await this.#database?.drop();
    }
  }

  async #examine(url: string): Promise<void> {
    const store = await openPostgresStore({
      url,
      listenUrl: null,
      insecureDurability: false,
      listen: false,
      onEvent() {},
    });
    try {
      // Not through `store.read`: its sessions plan for lookups and time out after 30 s, and the doctor joins whole
      // tables.
      const reader = await store.openReader();
      await expectHealthy(reader).finally(() => reader.close());
    } finally {
      await store.close();
    }
  }
}

export async function define(engine: RunningEngine, id: string, yaml: string): Promise<string> {
  return engine.define({ id, source: 'file', text: Buffer.from(yaml), format: 'yaml', file: `${id}.yml` });
}

export async function startRun(engine: RunningEngine, id: string): Promise<string> {
  return (await engine.startRun({ caller, id, inputs: new Map(), requestId: null })).runId;
}

export function claim(engine: RunningEngine, more: Partial<ClaimJobs> = {}): Promise<ClaimedJob[]> {
  const input = {
    workerId: 'w',
    labels: [],
    onlyLabelled: false,
    leaseTtlSecs: 30,
    waitMs: 0,
    requestId: null,
    maxJobs: 1,
    ...more,
  };
  return engine.claimJobs({ caller, ...input }, null);
}

/** The state of a run. */
export async function stateOf(engine: RunningEngine, run: string): Promise<string | undefined> {
  return (await engine.workflowStatus(run)).run?.state;
}
