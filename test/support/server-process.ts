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
  /** The test damages the database, so the doctor need not find it healthy at the end. */
  readonly willBeDamaged?: boolean;
}

/** The arguments that point a command at the server's database. */
export interface Storage {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How many servers run behind one address: with more than one they share a PostgreSQL database behind a proxy. */
const servers = Number(process.env.TEST_SERVERS ?? 1);

/**
 * A compiled server in its own process, with its own data and workflows folders; it ends with the test. The project
 * `scenarios-postgres` runs several behind one address.
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
  /** The process; the first one if there are several. */
  readonly program: RunningProgram;
  /** Everything it has printed. */
  readonly output: string;
  /** Calls without a token, or with one. */
  api(token?: string | null): Api;
  /** Calls to each server directly, bypassing the proxy. */
  apis(token?: string | null): readonly Api[];
  /** Starts on any free port. A second start takes the same port so that workers find it again. */
  start(): Promise<void>;
  /** Begins a start without waiting for it; of the first server if there are several. */
  launch(): RunningProgram;
  /** Sends the signal that asks it to stop, and waits for its end. */
  stop(): Promise<Ended>;
  /** Kills it without a chance to clean up. */
  kill(): Promise<Ended>;
  /** The entries of its log. */
  log(): Record<string, unknown>[];
  /** Waits for an entry of the log whose message matches. */
  logged(message: RegExp): Promise<Record<string, unknown>>;
  /** Reads or changes its database directly. */
  query(sql: string): Promise<Record<string, unknown>[]>;
}
