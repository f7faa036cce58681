import type { Connection } from '../../src/store/connection.js';
import type { Store } from '../../src/store/store.js';

/**
 * A store whose answers come in any order: a read is run when it was asked for or later, and its rows, like the end of a
 * transaction, are handed over in an order of its own. So what happens between two awaits of the engine differs with each
 * seed. Transactions still run one after another, and a statement of a transaction after the one before it.
 *
 * @param random a number from 0 to 1, below 1
 */
export function shuffledStore(store: Store, random: () => number): Store {
  const due: (() => void)[] = [];

  /** Resolves after others that are waiting, or before them. */
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
