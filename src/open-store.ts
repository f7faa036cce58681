import { join } from 'node:path';
import type { Config } from './config.js';
import type { Environment } from './environment/environment.js';
import { systemEnvironment } from './environment/system-environment.js';
import type { DatabaseEvent } from './store/database-event.js';
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
  /**
   * A server, which locks a SQLite file against other servers and listens to others on PostgreSQL; or a command beside
   * it.
   */
  readonly as: 'server' | 'command';
  /** Called when a failed disk leaves unknown what is stored: the process must end. */
  readonly onFatal: (error: Error) => void;
  /** Called when the database becomes unavailable or its disk is full, and when it is available again. */
  readonly onEvent: (event: DatabaseEvent) => void;
}

/** Opens the database of the settings. Errors: `StoreError`. */
export function openStore(config: StorageConfig, { as, onFatal, onEvent }: OpenStoreOptions): Promise<Store> {
  if (config.databaseUrl === null) {
    return openSqliteStore({ file: join(config.dataDir, databaseFile), lock: as === 'server', onFatal, onEvent });
  }
  return openPostgresStore({
    url: config.databaseUrl,
    listenUrl: config.databaseListenUrl,
    insecureDurability: config.insecureDurability,
    listen: as === 'server',
    onEvent,
  });
}

/** Migrates the database of the settings; returns its name and the migrations that ran. Errors: `StoreError`. */
export async function migrateStore(config: StorageConfig): Promise<{ database: string; done: MigrationDone[] }> {
  if (config.databaseUrl !== null) {
    return { database: databaseName(config.databaseUrl), done: await migratePostgres(config.databaseUrl) };
  }
  const file = join(config.dataDir, databaseFile);
  return { database: file, done: await migrateSqliteFile(file) };
}

/** The real environment, by the clock that rules the database: the database's own where servers share it. */
export async function environmentOf(store: Store): Promise<Environment> {
  if (store.shared !== null) return systemEnvironment({ now: store.shared.now });
  const [newest] = await newestEvent.run(store.read, {});
  return systemEnvironment({ earliestMs: newest?.at_ms ?? 0 });
}

/** Logs events of the database. */
export function logDatabaseEvents(log: Log): (event: DatabaseEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'lost':
        log.error({ err: event.error }, 'database unavailable: requests wait, then fail with 503 and Retry-After');
        return;
      case 'back':
        log.info({ away_ms: event.awayMs }, 'database available again');
        return;
      case 'unwritable':
        log.error(
          { err: event.error },
          'disk full or read-only: changes are refused until it can be written again; reads continue',
        );
        return;
      case 'writable':
        log.info({ unwritable_ms: event.unwritableMs }, 'the disk can be written again');
        return;
      case 'damaged':
        log.fatal(
          { err: event.error },
          'the database is damaged: changes are refused from now on; reads continue where possible',
        );
        return;
      case 'unheard':
        log.warn(
          'no notifications from other servers: something between here and the database, such as pgbouncer in transaction mode, ' +
            'drops them. Work that another server makes claimable is found within a second instead of at ' +
            'once. Set DATABASE_LISTEN_URL to an address of the database itself',
        );
    }
  };
}
