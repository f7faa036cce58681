import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newestEvent } from '../../../src/store/statements/events.js';
import { allTokens, insertToken } from '../../../src/store/statements/tokens.js';
import { listWorkers, registerWorkers } from '../../../src/store/statements/workers.js';
import type { Store } from '../../../src/store/store.js';
import { contractStores, type OpenedStore } from '../../support/contract-stores.js';

function token(id: string) {
  return {
    id,
    name: `name of ${id}`,
    hash: `hash of ${id}`,
    scopes: '["read"]',
    labels: null,
    created_at_ms: 1,
    expires_at_ms: null,
    revoked_at_ms: null,
  };
}

describe.each(contractStores)('a transaction of $name', ({ open }) => {
  let opened: OpenedStore;
  let store: Store;

  beforeEach(async () => {
    opened = await open();
    store = opened.store;
  });
  afterEach(() => opened.end());

  const ids = async () => (await allTokens.run(store.read, {})).map(({ id }) => id);

  it('is seen by readers when it is committed', async () => {
    await store.transact((connection) => insertToken.run(connection, token('a')));
    expect(await ids()).toEqual(['a']);
    expect((await allTokens.run(store.longRead, {})).map(({ id }) => id)).toEqual(['a']);
  });

  it('is not seen before, but sees itself', async () => {
    let seenOutside: Promise<string[]> | null = null;
    await store.transact(async (connection) => {
      await insertToken.run(connection, token('a'));
      expect((await allTokens.run(connection, {})).length).toBe(1);
      seenOutside = ids();
      if (store.shared !== null) expect(await seenOutside).toEqual([]);
    });
    await seenOutside;
  });

  it('changes nothing when its work fails, and the next one is not harmed', async () => {
    await expect(
      store.transact(async (connection) => {
        await insertToken.run(connection, token('a'));
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await ids()).toEqual([]);
    await store.transact((connection) => insertToken.run(connection, token('b')));
    expect(await ids()).toEqual(['b']);
  });

  it('fails as a whole when a statement of it fails, also one that nobody waits for', async () => {
    await store.transact((connection) => insertToken.run(connection, token('a')));
    await expect(
      store.transact(async (connection) => {
        await registerWorkers.run(connection, { rows: [['w', '[]', 1, '', 1, 1]] });
        await insertToken.run(connection, token('a'));
      }),
    ).rejects.toThrow(/unique/i);
    expect(await listWorkers.run(store.read, { limit: 10, offset: 0 })).toEqual([]);
    expect(await ids()).toEqual(['a']);
  });

  it('tells of the failure that came first', async () => {
    await store.transact((connection) => insertToken.run(connection, token('a')));
    await expect(
      store.transact(async (connection) => {
        await insertToken.run(connection, token('a'));
        await allTokens.run(connection, {});
        await registerWorkers.run(connection, { rows: [['w', '[]', 1, '', 1, 1]] });
      }),
    ).rejects.toThrow(/unique/i);
  });

  it('runs after the one before it', async () => {
    const order: string[] = [];
    await Promise.all(
      ['a', 'b', 'c'].map((id) =>
        store.transact(async (connection) => {
          order.push(`begin ${id}`);
          await insertToken.run(connection, token(id));
          await new Promise((resolve) => setTimeout(resolve, 5));
          order.push(`end ${id}`);
        }),
      ),
    );
    expect(order).toEqual(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
  });

  it('has the time of the database where servers share it, and none elsewhere', async () => {
    const before = Date.now();
    const nowMs = await store.transact(async (_, databaseNowMs) => databaseNowMs);
    if (store.shared === null) {
      expect(nowMs).toBeNull();
      return;
    }
    expect(nowMs).toBeGreaterThanOrEqual(before - 1_000);
    expect(nowMs).toBeLessThanOrEqual(Date.now() + 1_000);
    expect(Math.abs(store.shared.now() - Date.now())).toBeLessThan(1_000);
  });

  it('gives 64-bit integers as numbers, and null as null', async () => {
    const large = 2 ** 52 + 1;
    await store.transact((connection) => registerWorkers.run(connection, { rows: [['w', '[]', 1, '', large, 0]] }));
    const [worker] = await listWorkers.run(store.read, { limit: 1, offset: 0 });
    expect(worker).toEqual({ id: 'w', labels: '[]', slots: 1, version: '', registered_at_ms: large, seen_at_ms: 0 });
    expect(await newestEvent.run(store.read, {})).toEqual([]);
  });

  it('keeps any text as it is: quotes, newlines, emoji, what looks like JSON or SQL', async () => {
    const texts = [`it's "quoted"`, 'a\nb\tc\\d', '😀 ünïcödé', '[1, null]', "'; drop table tokens; --", '$1 ?', ''];
    await store.transact((connection) =>
      registerWorkers.run(connection, { rows: texts.map((text, at) => [text, text, 1, text, at, 0]) }),
    );
    const workers = await listWorkers.run(store.read, { limit: 100, offset: 0 });
    expect(workers.map((worker) => worker.id)).toEqual([...texts].reverse());
    expect(workers.map((worker) => worker.version)).toEqual([...texts].reverse());
  });
});
