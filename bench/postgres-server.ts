import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/** A PostgreSQL server on which databases can be created. */
export interface PostgresServer {
  /** Creates an empty database and returns its URL. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

const clusterFile = fileURLToPath(new URL('../postgres/serve-cluster.js', import.meta.url));

/** Provides a PostgreSQL server for the duration of the work. */
export async function withPostgres<T>(work: (database: PostgresServer) => Promise<T>): Promise<T> {
  const database = await startPostgres();
  try {
    return await work(database);
  } finally {
    await database.stop();
  }
}

/** That of BENCH_DATABASE_URL, or a new one with PostgreSQL's default, durable settings. */
async function startPostgres(): Promise<PostgresServer> {
  const given = process.env.BENCH_DATABASE_URL ?? '';
  const child =
    given === ''
      ? spawn(process.execPath, [clusterFile], { stdio: ['pipe', 'pipe', 'inherit'], env: process.env })
      : null;
  const serverUrl = child === null ? given : await firstLineOf(child);
  return {
    async createDatabase(name) {
      await query(serverUrl, `drop database if exists ${name} with (force)`);
      await query(serverUrl, `create database ${name}`);
      const url = new URL(serverUrl);
      url.pathname = `/${name}`;
      return url.href;
    },
    async stop() {
      if (child === null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin?.end();
      await ended;
    },
  };
}

/** Runs one statement in its own session. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

function firstLineOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (printed.includes('\n')) resolve(printed.slice(0, printed.indexOf('\n')));
    });
    child.once('exit', (code) => reject(new Error(`PostgreSQL did not start (${code})`)));
  });
}
