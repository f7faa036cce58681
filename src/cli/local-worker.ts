import { type ChildProcess, spawn } from 'node:child_process';
import { arch, platform } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The labels of this machine: its operating system and processor, as Node names them. */
export function machineLabels(): string[] {
  return ['local', platform(), arch()];
}

export interface LocalWorkerOptions {
  readonly serverUrl: string;
  readonly slots: number;
  /** Those of this machine when absent. */
  readonly labels?: readonly string[];
  readonly token?: string;
  /** Whether it belongs to this process alone: it ends when this process does, however that ends, and prints nothing. */
  readonly isPrivate?: boolean;
}

/** How much of what a private worker complains about is kept. */
const complaintChars = 4_000;

/** A worker process beside the server. The server itself never runs a command. */
export class LocalWorker {
  /** Resolves when the process has ended, with what it said last when it was a private one. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  constructor(options: LocalWorkerOptions) {
    const main = fileURLToPath(new URL('../main.js', import.meta.url));
    const { serverUrl, slots, labels = machineLabels(), token, isPrivate = false } = options;
    const args = [main, 'worker', '--server', serverUrl, '--labels', labels.join(','), '--slots', String(slots)];
    this.#child = spawn(process.execPath, isPrivate ? [...args, '--until-stdin-ends'] : args, {
      stdio: isPrivate ? ['pipe', 'ignore', 'pipe'] : ['ignore', 'inherit', 'inherit'],
      detached: true,
      env: token === undefined ? process.env : { ...process.env, WORKFLOW_GRAPH_TOKEN: token },
    });
    let complaint = '';
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-complaintChars);
    });
    this.ended = new Promise((resolve) => this.#child.once('close', () => resolve(complaint.trim())));
  }

  /** Lets its jobs finish, and then waits for its end. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.ended;
  }
}
