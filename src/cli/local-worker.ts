import { type ChildProcess, spawn } from 'node:child_process';
import { arch, platform } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The labels of this machine: its operating system and processor, as Node names them. */
export function machineLabels(): string[] {
  return ['local', platform(), arch()];
}

/** A worker process beside the server. The server itself never runs a command. */
export class LocalWorker {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(serverUrl: string, slots: number) {
    const main = fileURLToPath(new URL('../main.js', import.meta.url));
    const args = [
      main,
      'worker',
      '--server',
      serverUrl,
      '--labels',
      machineLabels().join(','),
      '--slots',
      String(slots),
    ];
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    this.#ended = new Promise((resolve) => this.#child.once('exit', () => resolve()));
  }

  /** Lets its jobs finish, and then waits for its end. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}
