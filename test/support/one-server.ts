import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Api } from './api.js';
import { healthyAfterwards } from './healthy-afterwards.js';
import { type Ended, mainFile, type RunningProgram, startProcess } from './program.js';
import type { ServerOptions, ServerProcess, Storage } from './server-process.js';
import { temporaryFolder } from './temporary-folder.js';
import { until } from './until.js';

/**
 * A compiled server, not yet started; always a single one, even in tests that otherwise use several. It ends with the
 * test, then the doctor checks its database.
 */
export function oneServer(options: ServerOptions = {}, dataDir?: string): OneServer {
  const folder = temporaryFolder();
  const server = new OneServer(dataDir ?? join(folder, 'data'), join(folder, 'workflows'), options);
  mkdirSync(server.workflowsDir);
  if (options.willBeDamaged !== true) healthyAfterwards(server);
  return server;
}

/** One compiled server. */
export class OneServer implements ServerProcess {
  readonly dataDir: string;
  readonly workflowsDir: string;
  readonly #options: ServerOptions;
  #program: RunningProgram | null = null;
  #url = '';

  constructor(dataDir: string, workflowsDir: string, options: ServerOptions) {
    this.dataDir = dataDir;
    this.workflowsDir = workflowsDir;
    this.#options = options;
  }

  get url(): string {
    return this.#url;
  }

  get port(): number {
    return Number(new URL(this.#url).port);
  }

  get databaseFile(): string {
    return join(this.dataDir, 'workflow-graph.db');
  }

  get storage(): Storage {
    return { flags: ['--data', this.dataDir], env: {} };
  }

  get output(): string {
    return this.program.stdout + this.program.stderr;
  }

  async query(sql: string): Promise<Record<string, unknown>[]> {
    const database = new DatabaseSync(this.databaseFile);
    try {
      return database.prepare(sql).all();
    } finally {
      database.close();
    }
  }

  get program(): RunningProgram {
    if (this.#program === null) throw new Error('the server was not started');
    return this.#program;
  }

  /** Calls without a token, or with one. */
  api(token: string | null = null): Api {
    return new Api(this.#url, token);
  }

  apis(token: string | null = null): readonly Api[] {
    return [this.api(token)];
  }

  /** Starts on any free port. A second start takes the same port so that workers find it again. */
  async start(): Promise<void> {
    this.launch();
    await this.serving();
  }

  /** Waits until it serves. Throws with its output if it exits instead. */
  async serving(): Promise<void> {
    const { program } = this;
    const [, url = ''] = await program.printed(/"msg":"listening on (https?:\/\/[^"]+)"/);
    if (this.#url !== '' && url !== this.#url) throw new Error(`came back at ${url} instead of ${this.#url}`);
    this.#url = url;
  }

  /** Begins a start without waiting for it. `under` is a program that launches it, with its arguments. */
  launch(under: readonly string[] = []): RunningProgram {
    const port = this.#url === '' ? '0' : String(this.port);
    const [file = process.execPath, ...args] = [...under, process.execPath, mainFile, 'serve'];
    const program = startProcess(
      file,
      [...args, '--data', this.dataDir, '--workflows', this.workflowsDir, ...(this.#options.flags ?? [])],
      { env: { PORT: port, LOG_FORMAT: 'json', ...this.#options.env } },
    );
    this.#program = program;
    return program;
  }

  /** Sends the signal that asks it to stop, and waits for its end. */
  async stop(): Promise<Ended> {
    this.program.signal('SIGTERM');
    return this.program.ended;
  }

  /** Kills it without a chance to clean up. */
  async kill(): Promise<Ended> {
    this.program.signal('SIGKILL');
    return this.program.ended;
  }

  /** The entries of its log. */
  log(): Record<string, unknown>[] {
    return this.program.stderr
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line));
  }

  /** Waits for an entry of the log whose message matches. */
  logged(message: RegExp): Promise<Record<string, unknown>> {
    return until(
      `the server logs ${message}`,
      () => this.log().find((entry) => message.test(String(entry.msg))) ?? null,
      { describe: () => this.program.stderr },
    );
  }
}
