import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Certificate } from './certificate.js';
import { Child } from './child.js';
import { RoundRobinProxy } from './proxy/round-robin-proxy.js';
import type { SharedPostgres } from './shared-postgres.js';
import { timeFactor } from './time-factor.js';
import { until } from './until.js';

/** How long a server may take to stop on the reference machine. */
const stopMs = 30_000;

/** The options of a server. */
/** The default on the reference machine; a slow machine needs longer to end processes and to report. */
const stopGraceSecs = String(Math.min(3_600, Math.ceil(10 * timeFactor)));

export interface ServerPlan {
  /** The compiled program's `main.js`. */
  readonly main: string;
  /** If set, several servers run behind a round-robin proxy; null for one server on SQLite. */
  readonly postgres: SharedPostgres | null;
}

/** A server as users run it, in its own folder; or several on one PostgreSQL database behind one address. */
export class Server {
  readonly #plan: ServerPlan;
  readonly #certificate: Certificate | null;
  readonly #folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  #children: Child[] = [];
  readonly #ports: number[];
  #balancer: RoundRobinProxy | null = null;
  #databaseUrl = '';
  #log = '';
  #isAsStarted = true;

  constructor(plan: ServerPlan, certificate: Certificate | null = null) {
    this.#plan = plan;
    this.#certificate = certificate;
    this.#ports = Array.from({ length: plan.postgres?.servers ?? 1 }, () => 0);
    mkdirSync(join(this.#folder, 'workflows'));
  }

  get port(): number {
    return this.#balancer?.port ?? this.#ports[0] ?? 0;
  }

  get url(): string {
    return this.#urlOf(this.port);
  }

  /** The address of each server. */
  get urls(): readonly string[] {
    return this.#ports.map((port) => this.#urlOf(port));
  }

  #urlOf(port: number): string {
    return `${this.#certificate === null ? 'http' : 'https'}://127.0.0.1:${port}`;
  }

  get isRunning(): boolean {
    return this.#children.length > 0;
  }

  /** It was never stopped, has no tokens, and does not use TLS. */
  get isAsStarted(): boolean {
    return (
      this.#isAsStarted &&
      this.#certificate === null &&
      this.isRunning &&
      this.#children.every((child) => child.isRunning)
    );
  }

  /** Its log over all its starts. */
  get log(): string {
    return this.#log + this.#children.map((child) => child.stderr).join('');
  }

  /** Any free port at first, later the same one. */
  async start(): Promise<void> {
    const { postgres } = this.#plan;
    if (postgres !== null && this.#databaseUrl === '') this.#databaseUrl = await postgres.createDatabase();
    this.#children = this.#ports.map((port) => this.#launch(port));
    await Promise.all(this.#children.map((child, at) => this.#listens(child, at)));
    if (postgres !== null) this.#balancer ??= await RoundRobinProxy.start(() => this.#ports);
  }

  #launch(port: number): Child {
    const flags = ['--data', join(this.#folder, 'data'), '--workflows', join(this.#folder, 'workflows')];
    const { PATH = '', HOME = '/' } = process.env;
    return new Child(process.execPath, [this.#plan.main, 'serve', '--port', String(port), ...flags], {
      env: { PATH, HOME, LOG_FORMAT: 'json', STOP_GRACE_SECS: stopGraceSecs, ...this.#tls(), ...this.#database() },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  async #listens(child: Child, at: number): Promise<void> {
    const port = await until(
      'the server listens',
      () => {
        const found = /"msg":"listening on https?:\/\/[^":]+:(\d+)/.exec(child.stderr);
        if (found === null && !child.isRunning) throw new Error(`the server exited immediately:\n${child.stderr}`);
        return found === null ? null : Number(found[1]);
      },
      { seen: () => child.stderr },
    );
    const before = this.#ports[at] ?? 0;
    if (before !== 0 && port !== before) throw new Error(`port ${before} was taken by another process`);
    this.#ports[at] = port;
  }

  #database(): Record<string, string> {
    return this.#databaseUrl === '' ? {} : { DATABASE_URL: this.#databaseUrl };
  }

  #tls(): Record<string, string> {
    if (this.#certificate === null) return {};
    return { TLS_CERT: this.#certificate.certFile, TLS_KEY: this.#certificate.keyFile };
  }

  async stop(how: 'stop' | 'kill'): Promise<void> {
    if (this.#children.length === 0) return;
    this.#isAsStarted = false;
    for (const child of this.#children) child.signal(how === 'stop' ? 'SIGTERM' : 'SIGKILL');
    await Promise.all(this.#children.map((child) => child.endWithin(stopMs)));
    this.#log = this.log;
    this.#children = [];
  }

  /** Stops for good and removes its files. */
  async remove(): Promise<void> {
    await this.stop('kill');
    await this.#balancer?.end();
    if (this.#databaseUrl !== '') await this.#plan.postgres?.dropDatabase(this.#databaseUrl);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /**
   * The value of a metric, summed over all servers, by its name without the prefix and with its labels; 0 if it was
   * never counted.
   */
  async metric(name: string): Promise<number> {
    const texts = await Promise.all(this.urls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
    const lines = texts.map((text) => text.split('\n').find((each) => each.startsWith(`workflow_graph_${name} `)));
    return lines.reduce((sum, line) => sum + Number(line?.split(' ').at(-1) ?? 0), 0);
  }

  /** Creates a token and returns it. */
  async makeToken(
    name: string,
    { scope, expires, labels }: { scope: string; expires?: string; labels?: string },
  ): Promise<string> {
    this.#isAsStarted = false;
    const flags = ['--name', name, '--scope', scope];
    if (expires !== undefined) flags.push('--expires', expires);
    if (labels !== undefined) flags.push('--labels', labels);
    const printed = await this.#token('create', ...flags);
    const token = /\b\S{30,}\b/.exec(printed)?.[0];
    if (token === undefined) throw new Error(`no token in the output: ${printed}`);
    return token;
  }

  async revokeToken(name: string): Promise<void> {
    await this.#token('revoke', name);
  }

  async #token(...args: readonly string[]): Promise<string> {
    const command = [this.#plan.main, 'token', ...args, '--data', join(this.#folder, 'data')];
    const env = { ...process.env, ...this.#database() };
    const { stdout } = await promisify(execFile)(process.execPath, command, { env });
    return stdout;
  }
}
