import { parentPort, workerData } from 'node:worker_threads';
import { CachedStatements } from './cached-statements.js';
import { openDatabase } from './open-database.js';

/** A query for this thread. */
export interface ReadRequest {
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

if (parentPort === null) throw new Error('This file runs in a thread of the server.');
const port = parentPort;
const connection = new CachedStatements(openDatabase((workerData as { file: string }).file, 'read'));

port.on('message', (request: ReadRequest | 'close') => {
  if (request === 'close') {
    connection.close();
    port.close();
    return;
  }
  try {
    port.postMessage({ id: request.id, rows: connection.query(request.sql, request.parameters) });
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    port.postMessage({ id: request.id, error: { message, code } });
  }
});
