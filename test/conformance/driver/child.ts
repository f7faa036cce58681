import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { scaled } from './time-factor.js';

/** Children that are still running are killed when the driver exits, however it exits. */
const running = new Set<Child>();
process.once('exit', () => {
  for (const child of running) child.signal('SIGKILL');
});

/** A process of a scenario, with its stderr output. */
export class Child {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  stderr = '';
  isRunning = true;
  readonly #leadsGroup: boolean;

  constructor(file: string, args: readonly string[], options: SpawnOptions) {
    this.#leadsGroup = options.detached === true;
    this.process = spawn(file, args, options);
    running.add(this);
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-200_000);
    });
    this.process.stdin?.on('error', () => {});
    this.ended = new Promise((resolve) => {
      const end = (code: number | null) => {
        this.isRunning = false;
        running.delete(this);
        resolve(code);
      };
      this.process.once('error', (error) => {
        this.stderr += `${error.message}\n`;
        end(null);
      });
      this.process.once('exit', (code) => end(code));
    });
  }

  /** Signals the process, or its whole group if it leads one. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.process;
    if (pid === undefined || !this.isRunning) return;
    try {
      process.kill(this.#leadsGroup ? -pid : pid, signal);
    } catch {
      // It exited in the meantime.
    }
  }

  /** Waits for its exit, and kills it after the bound, which applies to the reference machine. */
  async endWithin(ms: number): Promise<void> {
    const timer = setTimeout(() => this.signal('SIGKILL'), scaled(ms));
    await this.ended;
    clearTimeout(timer);
  }
}
