import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const clusterFile = fileURLToPath(new URL('../postgres/serve-cluster.js', import.meta.url));

/** A PostgreSQL server for the lifetime of the driver. Each server, or group of servers, has its own database. */
export class SharedPostgres {
  /** The number of servers that share one address and one database. */
  readonly servers: number;
  readonly #url: string;
  readonly #process: ChildProcess;

  private constructor(servers: number, url: string, child: ChildProcess) {
    this.servers = servers;
    this.#url = url;
    this.#process = child;
  }

  static async start(servers: number): Promise<SharedPostgres> {
    const child = spawn(process.execPath, [clusterFile], { stdio: ['pipe', 'pipe', 'inherit'] });
    const url = await new Promise<string>((resolve, reject) => {
      let printed = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        if (printed.includes('\n')) resolve(printed.slice(0, printed.indexOf('\n')));
      });
      child.once('exit', (code) => reject(new Error(`PostgreSQL did not start (${code})`)));
    });
    return new SharedPostgres(servers, url, child);
  }

  /** Creates an empty database and returns its URL. */
  async createDatabase(): Promise<string> {
    const name = `conformance_${randomBytes(6).toString('hex')}`;
    await this.#command(`create database ${name}`);
    const url = new URL(this.#url);
    url.pathname = `/${name}`;
    return url.href;
  }

  dropDatabase(url: string): Promise<void> {
    return this.#command(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`);
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    // It exits when its stdin closes.
    this.#process.stdin?.end();
    await ended;
  }

  async #command(text: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url });
    await client.connect();
    await client.query(text).finally(() => client.end());
  }
}
