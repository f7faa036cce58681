import { type ChildProcess, spawn } from 'node:child_process';
import { onTestFailed } from 'vitest';
import { programUnderTest } from '../../scripts/suites/program-under-test.js';
import { atEnd } from './lifetime.js';
import { scaled } from './machine.js';
import { until } from './until.js';

export const mainFile = programUnderTest();

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts `workflow-graph` with these arguments. The test kills it at its end if it is still running. */
export function startProgram(args: readonly string[], options: ProgramOptions = {}): RunningProgram {
  return startProcess(process.execPath, [mainFile, ...args], options);
}

/** Everything that a process printed until its end. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `workflow-graph` to its end. */
export function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<Ran> {
  return runProcess(process.execPath, [mainFile, ...args], options);
}

/** Runs any program to its end. */
export async function runProcess(file: string, args: readonly string[], options: ProgramOptions = {}): Promise<Ran> {
  const program = startProcess(file, args, options);
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** Starts any program, with nothing of the test's environment but the search paths. */
export function startProcess(file: string, args: readonly string[], options: ProgramOptions = {}): RunningProgram {
  const { PATH = '', HOME = '/', TMPDIR } = process.env;
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const program = new RunningProgram(child, [file.split('/').at(-1), ...args].join(' '));
  atEnd(async () => {
    program.signal('SIGKILL');
    await program.ended;
  });
  onTestFailed(() => {
    console.error(`--- ${program.name}\n${program.stdout.slice(-4_000)}${program.stderr.slice(-8_000)}`);
  });
  return program;
}

/** A process and its output so far. */
export class RunningProgram {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has exited and all its output has arrived. */
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  #running = true;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, name: string) {
    this.name = name;
    this.#child = child;
    this.pid = child.pid ?? -1;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => {
      // `close` waits for the pipes, which an orphaned child may keep open forever.
      child.once('exit', (code, signal) => {
        this.#running = false;
        const end = () => resolve({ code, signal });
        child.once('close', end);
        setTimeout(end, scaled(500)).unref();
      });
      child.once('error', (error) => {
        this.#running = false;
        this.stderr += `${error.message}\n`;
        resolve({ code: null, signal: null });
      });
    });
  }

  get running(): boolean {
    return this.#running;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#running) this.#child.kill(signal);
  }

  /** Waits until the output matches, and returns the match. */
  printed(pattern: RegExp): Promise<RegExpExecArray> {
    return until(
      `${this.name} prints ${pattern}`,
      () => {
        const found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
        if (found === null && !this.#running) {
          throw new Error(`${this.name} exited without printing ${pattern}:\n${this.stdout}${this.stderr}`);
        }
        return found;
      },
      { describe: () => `${this.stdout}${this.stderr}` },
    );
  }
}
