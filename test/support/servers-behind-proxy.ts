import { join } from 'node:path';
import { inject } from 'vitest';
import { RoundRobinProxy } from '../conformance/driver/proxy/round-robin-proxy.js';
import { Api } from './api.js';
import { atEnd } from './lifetime.js';
import { OneServer } from './one-server.js';
import { createTestDatabase, queryOnce } from './postgres/test-database.js';
import type { Ended, RunningProgram } from './program.js';
import type { ServerOptions, ServerProcess, Storage } from './server-process.js';
import { until } from './until.js';

/** Several servers on one PostgreSQL database, behind a proxy that assigns each new connection to the next server. */
export class ServersBehindProxy implements ServerProcess {
  readonly dataDir: string;
  readonly workflowsDir: string;
  readonly #databaseUrl: string;
  readonly #servers: readonly OneServer[];
  #proxy: RoundRobinProxy | null = null;

  private constructor(folder: string, databaseUrl: string, servers: readonly OneServer[]) {
    this.dataDir = join(folder, 'data');
    this.workflowsDir = join(folder, 'workflows');
    this.#databaseUrl = databaseUrl;
    this.#servers = servers;
  }

  static async make(count: number, folder: string, options: ServerOptions): Promise<ServersBehindProxy> {
    const database = await createTestDatabase(inject('postgresUrl'));
    atEnd(() => database.drop());
    const env = { ...options.env, DATABASE_URL: database.url };
    const servers = Array.from(
      { length: count },
      () => new OneServer(join(folder, 'data'), join(folder, 'workflows'), { ...options, env }),
    );
    return new ServersBehindProxy(folder, database.url, servers);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#proxy?.port}`;
  }

  get databaseFile(): string {
    throw new Error('PostgreSQL has no database file');
  }

  get storage(): Storage {
    return { flags: [], env: { DATABASE_URL: this.#databaseUrl } };
  }

  get program(): RunningProgram {
    return this.#first.program;
  }

  get output(): string {
    return this.#servers.map((server) => server.output).join('');
  }

  api(token: string | null = null): Api {
    return new Api(this.url, token);
  }

  apis(token: string | null = null): readonly Api[] {
    return this.#servers.map((server) => server.api(token));
  }

  async start(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.start()));
    if (this.#proxy !== null) return;
    const proxy = await RoundRobinProxy.start(() => this.#servers.map((server) => server.port));
    atEnd(() => proxy.end());
    this.#proxy = proxy;
  }

  launch(): RunningProgram {
    return this.#first.launch();
  }

  stop(): Promise<Ended> {
    return this.#end((server) => server.stop());
  }

  kill(): Promise<Ended> {
    return this.#end((server) => server.kill());
  }

  log(): Record<string, unknown>[] {
    return this.#servers.flatMap((server) => server.log());
  }

  logged(message: RegExp): Promise<Record<string, unknown>> {
    return until(
      `a server logs ${message}`,
      () => this.log().find((entry) => message.test(String(entry.msg))) ?? null,
      { describe: () => this.output },
    );
  }

  query(sql: string): Promise<Record<string, unknown>[]> {
    return queryOnce(this.#databaseUrl, sql);
  }

  get #first(): OneServer {
    const [first] = this.#servers;
    if (first === undefined) throw new Error('there is no server');
    return first;
  }

  /** Ends all servers and returns the worst exit. */
  async #end(end: (server: OneServer) => Promise<Ended>): Promise<Ended> {
    const ends = await Promise.all(this.#servers.map(end));
    return ends.find(({ code }) => code !== 0) ?? { code: 0, signal: null };
  }
}
