import { Worker } from 'node:worker_threads';
import { threadEntry } from '../../thread-entry.js';
import type { Connection, Row } from '../connection.js';
import { StoreError } from '../store.js';
import { sqliteDialect } from './sqlite-dialect.js';

interface Answer {
  readonly id: number;
  readonly rows?: readonly Row[];
  readonly error?: { message: string; code?: string };
}

/**
 * A read-only session in a thread of its own, started at the first query, so that a long read does not block the event
 * loop.
 */
export class ThreadConnection implements Connection {
  readonly dialect = sqliteDialect;
  readonly #file: string;
  readonly #waiting = new Map<number, { resolve(rows: readonly Row[]): void; reject(error: Error): void }>();
  #thread: Worker | null = null;
  #lastId = 0;

  constructor(file: string) {
    this.#file = file;
  }

  query(sql: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
    const thread = this.#thread ?? this.#start();
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      thread.postMessage({ id, sql, parameters });
    });
  }

  /** A thread only reads. */
  execute(): never {
    throw new Error('this session reads only');
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    if (thread === null) return;
    const ended = new Promise((resolve) => thread.once('exit', resolve));
    // An unreferenced thread cannot be awaited: the process would end in the middle of its stop.
    thread.ref();
    thread.postMessage('close');
    await ended;
  }

  #start(): Worker {
    const thread = new Worker(threadEntry(import.meta.url, './reader-thread.js'), { workerData: { file: this.#file } });
    thread.unref();
    thread.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.error === undefined) waiting?.resolve(answer.rows ?? []);
      else waiting?.reject(Object.assign(new Error(answer.error.message), { code: answer.error.code }));
    });
    const end = (reason: unknown) => {
      if (this.#thread === thread) this.#thread = null;
      for (const waiting of this.#waiting.values()) waiting.reject(new StoreError('The reading thread ended.', reason));
      this.#waiting.clear();
    };
    thread.on('error', end);
    thread.on('exit', end);
    this.#thread = thread;
    return thread;
  }
}
