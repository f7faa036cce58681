import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { queryOnce } from './test-database.js';

const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/opt/homebrew/bin/pgbouncer'].find(existsSync);

/** Whether pgbouncer is installed on this machine. */
export const hasBouncer = program !== undefined;

/** A pgbouncer in transaction mode with a small pool, in front of a database. */
export class Bouncer {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(url: string, child: ChildProcess, folder: string) {
    this.url = url;
    this.#process = child;
    this.#folder = folder;
  }

  static async start(databaseUrl: string): Promise<Bouncer> {
    const { hostname, port, username, password, pathname } = new URL(databaseUrl);
    const folder = mkdtempSync(join(tmpdir(), 'workflow-graph-bouncer-'));
    chmodSync(folder, 0o755);
    const own = await freePort();
    const file = join(folder, 'pgbouncer.ini');
    writeFileSync(
      file,
      `[databases]
* = host=${hostname} port=${port || 5432} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
${userInfo().uid === 0 ? 'user = postgres' : ''}
`,
    );
    const child = spawn(program ?? 'pgbouncer', ['-q', file], { stdio: 'ignore' });
    const url = new URL(databaseUrl);
    url.hostname = '127.0.0.1';
    url.port = String(own);
    url.pathname = pathname;
    const bouncer = new Bouncer(url.href, child, folder);
    for (let tries = 0; ; tries++) {
      try {
        await queryOnce(bouncer.url, 'select 1');
        return bouncer;
      } catch (error) {
        if (tries > 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
