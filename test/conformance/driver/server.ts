import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Certificate } from './certificate.js';
import { Child } from './child.js';
import { until } from './until.js';

const startMs = 60_000;

/** A server as users run it, on a folder of its own. */
export class Server {
  readonly #main: string;
  readonly #certificate: Certificate | null;
  readonly #folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  #child: Child | null = null;
  #port = 0;
  #log = '';
  #isAsStarted = true;

  /** @param main the compiled program's `main.js` */
  constructor(main: string, certificate: Certificate | null = null) {
    this.#main = main;
    this.#certificate = certificate;
    mkdirSync(join(this.#folder, 'workflows'));
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#certificate === null ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  /** It was never stopped, asks nobody for a token, and speaks in the clear. */
  get isAsStarted(): boolean {
    return this.#isAsStarted && this.#certificate === null && this.#child?.isRunning === true;
  }

  /** What it has logged, over all its starts. */
  get log(): string {
    return this.#log + (this.#child?.stderr ?? '');
  }

  /** On any free port at first, and on the same one later. */
  async start(): Promise<void> {
    const flags = ['--data', join(this.#folder, 'data'), '--workflows', join(this.#folder, 'workflows')];
    const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', LOG_FORMAT: 'json', ...this.#tls() };
    const child = new Child(process.execPath, [this.#main, 'serve', '--port', String(this.#port), ...flags], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    const port = await until(
      'the server listens',
      () => {
        const found = /"msg":"listening on https?:\/\/[^":]+:(\d+)/.exec(child.stderr);
        if (found === null && !child.isRunning) throw new Error(`the server ended at once:\n${child.stderr}`);
        return found === null ? null : Number(found[1]);
      },
      { withinMs: startMs, seen: () => child.stderr },
    );
    if (this.#port !== 0 && port !== this.#port) throw new Error(`port ${this.#port} was taken meanwhile`);
    this.#port = port;
  }

  #tls(): Record<string, string> {
    if (this.#certificate === null) return {};
    return { TLS_CERT: this.#certificate.certFile, TLS_KEY: this.#certificate.keyFile };
  }

  async stop(how: 'stop' | 'kill'): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#isAsStarted = false;
    child.signal(how === 'stop' ? 'SIGTERM' : 'SIGKILL');
    await child.endWithin(15_000);
    this.#log += child.stderr;
    this.#child = null;
  }

  /** Stops for good and leaves nothing behind. */
  async remove(): Promise<void> {
    await this.stop('kill');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Makes a token and gives it. */
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
    if (token === undefined) throw new Error(`no token in: ${printed}`);
    return token;
  }

  async revokeToken(name: string): Promise<void> {
    await this.#token('revoke', name);
  }

  async #token(...args: readonly string[]): Promise<string> {
    const command = [this.#main, 'token', ...args, '--data', join(this.#folder, 'data')];
    const { stdout } = await promisify(execFile)(process.execPath, command);
    return stdout;
  }
}
