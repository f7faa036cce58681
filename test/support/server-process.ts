import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Api } from './api.js';
import { healthyAfterwards } from './healthy-afterwards.js';
import { OneServer } from './one-server.js';
import type { Ended, RunningProgram } from './program.js';
import { ServersBehindProxy } from './servers-behind-proxy.js';
import { temporaryFolder } from './temporary-folder.js';

export interface ServerOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** The test spoils the database, so that the doctor need not find it well at the end. */
  readonly willBeDamaged?: boolean;
}

/** What leads a command to the server's database. */
export interface Storage {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How many servers stand for one: with more than one they share a PostgreSQL behind a proxy. */
const servers = Number(process.env.TEST_SERVERS ?? 1);

/**
 * A compiled server, as a process of its own, on its own data and workflows folders; it ends with the test. In the project
 * `scenarios-postgres` it is several, of which a client sees one address.
 */
export async function startServerProcess(options: ServerOptions = {}): Promise<ServerProcess> {
  const folder = temporaryFolder();
  const server =
    servers > 1
      ? await ServersBehindProxy.make(servers, folder, options)
      : new OneServer(join(folder, 'data'), join(folder, 'workflows'), options);
  mkdirSync(server.workflowsDir);
  if (options.willBeDamaged !== true) healthyAfterwards(server);
  await server.start();
  return server;
}

/** A server as clients, operators and their commands see it. */
export interface ServerProcess {
  readonly url: string;
  readonly dataDir: string;
  readonly workflowsDir: string;
  readonly databaseFile: string;
  readonly storage: Storage;
  /** The process; of several the first. */
  readonly program: RunningProgram;
  /** All that it has printed. */
  readonly output: string;
  /** Calls without a token, or with one. */
  api(token?: string | null): Api;
  /** The same to each server by itself, past what stands before them. */
  apis(token?: string | null): readonly Api[];
  /** Starts on any free port; a second start takes the same port, so that workers find it again. */
  start(): Promise<void>;
  /** Begins a start and does not wait for its end; of several the first. */
  launch(): RunningProgram;
  /** Ends it by the signal that asks it to stop, and waits for that. */
  stop(): Promise<Ended>;
  /** Ends it at once, with no chance to put anything in order. */
  kill(): Promise<Ended>;
  /** The entries of its log. */
  log(): Record<string, unknown>[];
  /** Waits for an entry of the log whose message matches. */
  logged(message: RegExp): Promise<Record<string, unknown>>;
  /** Reads or changes its database behind its back. */
  query(sql: string): Promise<Record<string, unknown>[]>;
}
