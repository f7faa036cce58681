import { join } from 'node:path';
import type { Command } from 'commander';
import type { Environment } from '../environment/environment.js';
import { systemEnvironment } from '../environment/system-environment.js';
import { databaseFile } from '../server.js';
import { openSqliteStore } from '../store/sqlite/open-sqlite-store.js';
import { type Store, StoreError } from '../store/store.js';
import { configOf } from './settings-options.js';

/** Opens the database of the settings beside a server that may run, for a command that needs little of it. */
export async function withStore<T>(
  command: Command,
  work: (store: Store, environment: Environment) => Promise<T>,
): Promise<T> {
  const config = configOf(command);
  try {
    const store = await openSqliteStore({
      file: join(config.dataDir, databaseFile),
      lock: false,
      onFatal(error) {
        throw error;
      },
    });
    try {
      return await work(store, systemEnvironment());
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof StoreError) return command.error(`error: ${error.message}`, { exitCode: 1 });
    throw error;
  }
}
