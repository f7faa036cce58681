import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newestEvent } from '../../../src/store/statements/events.js';
import { allTokens, insertToken } from '../../../src/store/statements/tokens.js';
import { listWorkers, registerWorkers } from '../../../src/store/statements/workers.js';
import type { Store } from '../../../src/store/store.js';
import { contractStores, type OpenedStore } from '../../support/contract-stores.js';
import { scaled } from '../../support/machine.js';

function token(id: string) {
  return {
    id,
    name: `name of ${id}`,
    hash: `hash of ${id}`,
    scopes: '["read"]',
    labels: null,
    only_labelled: 0,
    created_at_ms: 1,
    expires_at_ms: null,
    revoked_at_ms: null,
  };
}

const someWorker = {
  id: 'w',
  labels: '[]',
  slots: 1,
  version: '',
  registered_at_ms: 1,
  seen_at_ms: 1,
  only_labelled: 0,
  credential: null,
};

describe.each(contractStores)('a transaction of $name', ({ open }) => {
  let opened: OpenedStore;
  let store: Store;

  beforeEach(async () => {
    opened = await open();
    store = opened.store;
  });
  afterEach(() => opened.end());

  const ids = async () => (await allTokens.run(store.read, {})).map(({ id }) => id);

  it('is visible to readers once committed', async () => {
    await store.transact((connection) => insertToken.run(connection, token('a')));
    expect(await ids()).toEqual(['a']);
    expect((await allTokens.run(store.longRead, {})).map(({ id }) => id)).toEqual(['a']);
  });

  it('is invisible to readers before, but visible to itself', async () => {
    let seenOutside: Promise<string[]> | null = null;
    await store.transact(async (connection) => {
      await insertToken.run(connection, token('a'));
      expect((await allTokens.run(connection, {})).length).toBe(1);
      seenOutside = ids();
      if (store.shared !== null) expect(await seenOutside).toEqual([]);
    });
    await seenOutside;
  });

  it('changes nothing if its work fails, and the next one is unaffected', async () => {
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

  it('fails as a whole if one of its statements fails, even one that is not awaited', async () => {
    await store.transact((connection) => insertToken.run(connection, token('a')));
    await expect(
      store.transact(async (connection) => {
        await registerWorkers.run(connection, { rows: [someWorker] });
        await insertToken.run(connection, token('a'));
      }),
    ).rejects.toThrow(/unique/i);
    expect(await listWorkers.run(store.read, { limit: 10, offset: 0 })).toEqual([]);
    expect(await ids()).toEqual(['a']);
  });

  it('reports the first failure', async () => {
    await store.transact((connection) => insertToken.run(connection, token('a')));
    await expect(
      store.transact(async (connection) => {
        await insertToken.run(connection, token('a'));
        await allTokens.run(connection, {});
        await registerWorkers.run(connection, { rows: [someWorker] });
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

  it('has the time of the database if servers share it, and none otherwise', async () => {
    const before = Date.now();
    const nowMs = await store.transact(async (_, databaseNowMs) => databaseNowMs);
    if (store.shared === null) {
      expect(nowMs).toBeNull();
      return;
    }
    expect(nowMs).toBeGreaterThanOrEqual(before - scaled(1_000));
    expect(nowMs).toBeLessThanOrEqual(Date.now() + scaled(1_000));
    expect(Math.abs(store.shared.now() - Date.now())).toBeLessThan(scaled(1_000));
  });

  it('returns 64-bit integers as numbers, and null as null', async () => {
    const large = 2 ** 52 + 1;
    await store.transact((connection) =>
      registerWorkers.run(connection, { rows: [{ ...someWorker, registered_at_ms: large, seen_at_ms: 0 }] }),
    );
    const [worker] = await listWorkers.run(store.read, { limit: 1, offset: 0 });
    expect(worker).toMatchObject({ id: 'w', labels: '[]', registered_at_ms: large, seen_at_ms: 0 });
    expect(await newestEvent.run(store.read, {})).toEqual([]);
  });

  it('keeps any text unchanged: quotes, newlines, emoji, text that looks like JSON or SQL', async () => {
    const texts = [`it's "quoted"`, 'a\nb\tc\\d', '😀 ünïcödé', '[1, null]', "'; drop table tokens; --", '$1 ?', ''];
    await store.transact((connection) =>
      registerWorkers.run(connection, {
        rows: texts.map((text, at) => ({ ...someWorker, id: text, labels: text, version: text, registered_at_ms: at })),
      }),
    );
    const workers = await listWorkers.run(store.read, { limit: 100, offset: 0 });
    expect(workers.map((worker) => worker.id)).toEqual([...texts].reverse());
    expect(workers.map((worker) => worker.version)).toEqual([...texts].reverse());
  });
});
