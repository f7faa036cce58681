import type { Connection } from '../../src/store/connection.js';
import type { Store } from '../../src/store/store.js';

/**
 * A store that answers in any order: a read runs when it is requested or later, and rows and commits are delivered in a
 * shuffled order. The interleaving between two awaits of the engine thus varies with the seed. Transactions still run
 * one after another, and so do the statements of a transaction.
 *
 * @param random returns a number from 0 to below 1
 */
export function shuffledStore(store: Store, random: () => number): Store {
  const due: (() => void)[] = [];

  /** Resolves before or after other waiters. */
  const turn = () =>
    new Promise<void>((resolve) => {
      due.push(resolve);
      setImmediate(() => {
        const [chosen] = due.splice(Math.floor(random() * due.length), 1);
        chosen?.();
      });
    });
  const shuffled = (connection: Connection): Connection => ({
    dialect: connection.dialect,
    query: async (sql, parameters) => {
      if (random() < 0.5) await turn();
      const rows = await connection.query(sql, parameters);
      await turn();
      return rows;
    },
    execute: (sql, parameters) => connection.execute(sql, parameters),
  });
  return {
    dialect: store.dialect,
    shared: store.shared,
    read: shuffled(store.read),
    longRead: shuffled(store.longRead),
    async transact(work) {
      const result = await store.transact((connection, nowMs) => work(shuffled(connection), nowMs));
      await turn();
      return result;
    },
    async openReader() {
      const reader = await store.openReader();
      return { ...shuffled(reader), close: () => reader.close() };
    },
    close: () => store.close(),
  };
}
