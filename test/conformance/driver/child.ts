import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { scaled } from './time-factor.js';

/** What still runs ends with the driver, however that ends. */
const running = new Set<Child>();
process.once('exit', () => {
  for (const child of running) child.signal('SIGKILL');
});

/** A process of a scenario, and what it has written to stderr. */
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

  /** To the process, and to those that it has started when it leads a group. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.process;
    if (pid === undefined || !this.isRunning) return;
    try {
      process.kill(this.#leadsGroup ? -pid : pid, signal);
    } catch {
      // It ended in this moment.
    }
  }

  /** Waits for its end, and kills it when that takes longer than the bound, which is meant for the reference machine. */
  async endWithin(ms: number): Promise<void> {
    const timer = setTimeout(() => this.signal('SIGKILL'), scaled(ms));
    await this.ended;
    clearTimeout(timer);
  }
}
