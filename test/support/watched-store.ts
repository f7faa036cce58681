import type { Connection } from '../../src/store/connection.js';
import type { Store } from '../../src/store/store.js';
import { noteWork } from './hand-moved-environment.js';

/**
 * A store that reports pending work to a hand-moved clock, which advances only when none is pending. With a database in
 * another process an answer takes any number of turns of the event loop.
 */
export function watchedStore(store: Store): Store {
  return {
    dialect: store.dialect,
    shared: store.shared,
    transact: (work) => noteWork(store.transact(work)),
    read: watchedConnection(store.read),
    longRead: watchedConnection(store.longRead),
    async openReader() {
      const reader = await noteWork(store.openReader());
      return { ...watchedConnection(reader), close: () => noteWork(reader.close()) };
    },
    close: () => store.close(),
  };
}

function watchedConnection(connection: Connection): Connection {
  return {
    dialect: connection.dialect,
    query: (sql, parameters) => {
      const rows = connection.query(sql, parameters);
      return rows instanceof Promise ? noteWork(rows) : rows;
    },
    execute: (sql, parameters) => connection.execute(sql, parameters),
  };
}
