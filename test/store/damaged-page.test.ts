import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { DatabaseEvent } from '../../src/store/database-event.js';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.js';
import { newestEvent } from '../../src/store/statements/events.js';
import { allTokens, insertToken } from '../../src/store/statements/tokens.js';
import { type Store, StoreDamaged } from '../../src/store/store.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const pageBytes = 4096;

function token(id: number) {
  return {
    id: `t${id}`,
    name: `name ${id} ${'.'.repeat(1_000)}`,
    hash: `hash ${id}`,
    scopes: '["read"]',
    labels: null,
    only_labelled: 0,
    created_at_ms: id,
    expires_at_ms: null,
    revoked_at_ms: null,
  };
}

async function open(file: string, told: DatabaseEvent[], onFatal: (error: Error) => void = fail): Promise<Store> {
  const store = await openSqliteStore({ file, lock: false, onFatal, onEvent: (news) => told.push(news) });
  onTestFinished(() => store.close());
  return store;
}

function fail(error: Error): never {
  throw error;
}

it('after a change hits a damaged page all changes are refused, and other pages can still be read', async () => {
  const file = join(temporaryFolder(), 'test.db');
  const before = await openSqliteStore({ file, lock: false, onFatal: fail, onEvent() {} });
  await before.transact(async (connection) => {
    for (let id = 0; id < 100; id++) await insertToken.run(connection, token(id));
  });
  await before.close();
  const at = readFileSync(file).indexOf('name 50 .');
  const opened = openSync(file, 'r+');
  writeSync(opened, Buffer.alloc(pageBytes, 0xa5), 0, pageBytes, at - (at % pageBytes));
  closeSync(opened);

  const told: DatabaseEvent[] = [];
  const store = await open(file, told);
  const damaged = await store
    .transact((connection) => allTokens.run(connection, {}) as Promise<unknown>)
    .catch((e) => e);
  expect(damaged).toBeInstanceOf(StoreDamaged);
  expect(String(damaged)).toContain(`The database ${file} is damaged`);
  expect(told).toEqual([{ kind: 'damaged', error: damaged }]);
  let ran = false;
  const next = store.transact(async () => {
    ran = true;
  });
  await expect(next).rejects.toBe(damaged);
  expect(ran).toBe(false);
  await expect(allTokens.run(store.longRead, {})).rejects.toBeInstanceOf(StoreDamaged);
  expect(await newestEvent.run(store.read, {})).toEqual([]);
});
