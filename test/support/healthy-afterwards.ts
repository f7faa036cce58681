import { existsSync } from 'node:fs';
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.js';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.js';
import type { Store } from '../../src/store/store.js';
import { expectHealthy } from './healthy.js';
import { atEnd } from './lifetime.js';
import type { ServerProcess } from './server-process.js';

/**
 * Checks at the end of the test that the servers violated no invariant of their database. Call it before the servers
 * start: cleanup runs in reverse order, so they have stopped by then.
 */
export function healthyAfterwards(server: ServerProcess): void {
  atEnd(async () => {
    const store = await openStoreOf(server);
    if (store === null) return;
    try {
      const reader = await store.openReader();
      await expectHealthy(reader);
      await reader.close();
    } finally {
      await store.close();
    }
  });
}

/** Null if no server created a database. */
async function openStoreOf({ storage, dataDir }: ServerProcess): Promise<Store | null> {
  const url = storage.env.DATABASE_URL;
  if (url !== undefined) {
    return openPostgresStore({ url, listenUrl: null, insecureDurability: false, listen: false, onEvent() {} });
  }
  const file = `${dataDir}/workflow-graph.db`;
  if (!existsSync(file)) return null;
  return openSqliteStore({
    file,
    lock: true,
    onFatal: (error) => {
      throw error;
    },
    onEvent() {},
  });
}
