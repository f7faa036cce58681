import { type ChildProcess, spawn } from 'node:child_process';
import { arch, platform } from 'node:os';
import { fileURLToPath } from 'node:url';
import { settings } from '../config.js';
import { mainFile } from '../main-file.js';
import { writeToken } from './owner-pipe.js';

/** The labels of this machine: its operating system and processor, as Node names them. */
export function machineLabels(): string[] {
  return ['local', platform(), arch()];
}

export interface LocalWorkerOptions {
  readonly serverUrl: string;
  readonly slots: number;
}

/**
 * A worker process beside the server. The server itself never runs a command. The worker drains when this process is
 * gone, even by SIGKILL: otherwise it would claim jobs from the next server at the address.
 */
export class LocalWorker {
  readonly #ended: Promise<unknown>;
  readonly #child: ChildProcess;

  constructor({ serverUrl, slots }: LocalWorkerOptions) {
    const target = ['--server', serverUrl, '--labels', machineLabels().join(','), '--slots', String(slots)];
    this.#child = spawn(process.execPath, [fileURLToPath(mainFile), 'worker', ...target, '--owned-by-stdin'], {
      stdio: ['pipe', 'inherit', 'inherit'],
      detached: true,
      env: workerEnvironment(),
    });
    if (this.#child.stdin !== null) writeToken(this.#child.stdin, process.env.WORKFLOW_GRAPH_TOKEN);
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** Lets its jobs finish, and then waits for its end. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}

/** Further variables of the server: access to PostgreSQL and the collector of traces, with their passwords. */
const serverVariables = /^(?:PG[A-Z]+|OTEL_[A-Z0-9_]+)$/;

/**
 * The environment of this process without the server's settings and credentials, because jobs can read it in /proc.
 * WORKER_PASS_ENV can name variables that jobs need for themselves, such as PGPASSWORD, but no setting.
 */
export function workerEnvironment(from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const own = new Set<string>(Object.values(settings).map(({ env }) => env));
  for (const name of ['SERVER_URL', 'WORKFLOW_GRAPH_TOKEN', 'WORKFLOW_GRAPH_TOKEN_FILE']) own.add(name);
  const passed = (from.WORKER_PASS_ENV ?? '').split(',').map((name) => name.trim());
  const isPassed = (name: string) =>
    passed.some((wanted) => (wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted));
  return Object.fromEntries(
    Object.entries(from).filter(([name]) => !own.has(name) && (!serverVariables.test(name) || isPassed(name))),
  );
}
