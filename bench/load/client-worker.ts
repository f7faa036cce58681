import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { groupCpuMicros } from '../process-usage.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * A worker library, driven through its conformance adapter: a program that starts workers on command
 * (test/conformance/ADAPTER.md).
 */
export interface ClientProgram {
  readonly name: string;
  /** A shell command, run from the repository's root. */
  readonly command: string;
  /** The program required to build or run it. */
  readonly needs: string | null;
}

export const clientPrograms: readonly ClientProgram[] = [
  {
    name: 'TypeScript',
    command: `'${process.execPath}' clients/typescript/conformance/adapter.js`,
    needs: null,
  },
  { name: 'Go', command: 'bash clients/go/adapter.sh', needs: 'go' },
  { name: 'Python', command: 'bash clients/python/adapter.sh', needs: 'python3' },
  { name: 'Rust', command: 'bash clients/rust/adapter.sh', needs: 'cargo' },
];

export function isHere({ needs }: ClientProgram): boolean {
  return needs === null || spawnSync('/bin/sh', ['-c', `command -v ${needs}`], { stdio: 'ignore' }).status === 0;
}

/** A process of a client with one worker whose executor does nothing. */
export class ClientWorker {
  readonly #child: ChildProcess;
  readonly #stopAtExit = () => this.stop();
  readonly #started = Promise.withResolvers<void>();

  private constructor(program: ClientProgram) {
    this.#child = spawn('/bin/sh', ['-c', `exec ${program.command}`], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('an adapter without stdout');
    createInterface({ input: stdout }).on('line', (line) => this.#hear(line));
    this.#child.once('error', this.#started.reject);
    this.#child.once('exit', (code) => this.#started.reject(new Error(`${program.name} ended with ${code}`)));
    process.once('exit', this.#stopAtExit);
  }

  /** Returns when the worker is registered. Builds the program first if necessary. */
  static async start(
    program: ClientProgram,
    serverUrl: string,
    options: { readonly slots: number; readonly transport: 'stream' | 'http' },
  ): Promise<ClientWorker> {
    const worker = new ClientWorker(program);
    const command = {
      do: 'start',
      worker: 'bench',
      options: { server_url: serverUrl, executor: 'noop', lease_ttl_secs: 60, ...options },
    };
    worker.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    await worker.#started.promise;
    return worker;
  }

  /** Processor time of its processes, in microseconds; null without /proc. */
  cpuMicros(): number | null {
    return groupCpuMicros(this.#child.pid ?? 0);
  }

  stop(): void {
    process.off('exit', this.#stopAtExit);
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It exited in the meantime.
    }
  }

  #hear(line: string): void {
    const { event, error } = JSON.parse(line) as { event: string; error?: string };
    if (event === 'started') this.#started.resolve();
    else if (event === 'stopped') this.#started.reject(new Error(error));
  }
}
