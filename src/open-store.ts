import { join } from 'node:path';
import type { Config } from './config.js';
import type { Environment } from './environment/environment.js';
import { systemEnvironment } from './environment/system-environment.js';
import type { DatabaseNews } from './store/database-news.js';
import type { MigrationDone } from './store/migrate.js';
import { databaseName } from './store/postgres/database-name.js';
import { migratePostgres, openPostgresStore } from './store/postgres/open-postgres-store.js';
import { migrateSqliteFile, openSqliteStore } from './store/sqlite/open-sqlite-store.js';
import { newestEvent } from './store/statements/events.js';
import type { Store } from './store/store.js';
import type { Log } from './telemetry/log.js';

/** The name of the database in the data folder. */
export const databaseFile = 'workflow-graph.db';

export type StorageConfig = Pick<Config, 'dataDir' | 'databaseUrl' | 'databaseListenUrl' | 'insecureDurability'>;

export interface OpenStoreOptions {
  /** A server, which keeps others off a SQLite file and listens to others on PostgreSQL; or a command beside it. */
  readonly as: 'server' | 'command';
  /** Called when the disk failed in a way that leaves unknown what is stored: the process must end. */
  readonly onFatal: (error: Error) => void;
  /** Called when the database goes away or its disk is full, and when it comes back. */
  readonly tell: (news: DatabaseNews) => void;
}

/** Opens the database of the settings. Errors: `StoreError`. */
export function openStore(config: StorageConfig, { as, onFatal, tell }: OpenStoreOptions): Promise<Store> {
  if (config.databaseUrl === null) {
    return openSqliteStore({ file: join(config.dataDir, databaseFile), lock: as === 'server', onFatal, tell });
  }
  return openPostgresStore({
    url: config.databaseUrl,
    listenUrl: config.databaseListenUrl,
    insecureDurability: config.insecureDurability,
    listen: as === 'server',
    tell,
  });
}

/** Brings the database of the settings up to date; says which it is, and what was done. Errors: `StoreError`. */
export async function migrateStore(config: StorageConfig): Promise<{ database: string; done: MigrationDone[] }> {
  if (config.databaseUrl !== null) {
    return { database: databaseName(config.databaseUrl), done: await migratePostgres(config.databaseUrl) };
  }
  const file = join(config.dataDir, databaseFile);
  return { database: file, done: await migrateSqliteFile(file) };
}

/** The real world, by the clock that rules the database: its own where servers share it. */
export async function environmentOf(store: Store): Promise<Environment> {
  if (store.shared !== null) return systemEnvironment({ now: store.shared.now });
  const [newest] = await newestEvent.run(store.read, {});
  return systemEnvironment({ earliestMs: newest?.at_ms ?? 0 });
}

/** Writes what becomes of the database into the log. */
export function logDatabaseNews(log: Log): (news: DatabaseNews) => void {
  return (news) => {
    switch (news.kind) {
      case 'lost':
        log.error({ err: news.error }, 'the database is away: calls wait for it, or are told to come again');
        return;
      case 'back':
        log.info({ away_ms: news.awayMs }, 'the database is back');
        return;
      case 'unwritable':
        log.error({ err: news.error }, 'changes are refused until the disk takes them again; reads go on');
        return;
      case 'writable':
        log.info({ unwritable_ms: news.unwritableMs }, 'the disk takes changes again');
        return;
      case 'damaged':
        log.fatal(
          { err: news.error },
          'the database is damaged: changes are refused from now on; reads go on where they can',
        );
        return;
      case 'unheard':
        log.warn(
          'other servers are not heard: something between here and the database, such as pgbouncer in transaction mode, ' +
            'keeps notifications back. Work made ready through another server is found within a second instead of at ' +
            'once. Set DATABASE_LISTEN_URL to an address of the database itself',
        );
    }
  };
}
