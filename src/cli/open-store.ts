import type { Command } from 'commander';
import type { Environment } from '../environment/environment.js';
import { environmentOf, openStore } from '../open-store.js';
import { isStoreFailure, type Store } from '../store/store.js';
import { configOf } from './settings-options.js';

/** The settings that choose the database, for `addSettings`. */
export const storageSettings = ['dataDir', 'databaseUrl', 'insecureDurability'] as const;

/** Opens the database of the settings for a short command, possibly beside a running server. */
export async function withStore<T>(
  command: Command,
  work: (store: Store, environment: Environment) => Promise<T>,
): Promise<T> {
  try {
    const store = await openStore(configOf(command), {
      as: 'command',
      onFatal(error) {
        throw error;
      },
      onEvent() {},
    });
    try {
      return await work(store, await environmentOf(store));
    } finally {
      await store.close();
    }
  } catch (error) {
    if (isStoreFailure(error)) return command.error(`error: ${error.message}`, { exitCode: 1 });
    throw error;
  }
}
