import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import xterm from '@xterm/headless';
import { onTestFailed, onTestFinished } from 'vitest';
import { mainFile } from '../support/program.js';
import { until } from '../support/until.js';

const ptyScript = fileURLToPath(new URL('./on-terminal.py', import.meta.url));

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs `workflow-graph` on a pseudo-terminal, with a real emulator for the screen. It ends with the test. */
export function startOnTerminal(args: readonly string[], options: TerminalOptions = {}): TerminalSession {
  return startOnTerminalAny([process.execPath, mainFile, ...args], options);
}

/** The same with any command. */
function startOnTerminalAny(command: readonly string[], options: TerminalOptions = {}): TerminalSession {
  const { columns = 80, rows = 24, env = {}, cwd } = options;
  const { PATH = '', HOME = '', TMPDIR } = process.env;
  const child = spawn('python3', [ptyScript, String(columns), String(rows), ...command], {
    env: { PATH, HOME, TERM: 'xterm-256color', ...(TMPDIR === undefined ? {} : { TMPDIR }), ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const session = new TerminalSession(child, columns, rows);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await session.ended;
  });
  onTestFailed(() => console.error(`--- screen\n${session.screen().join('\n')}\n---`));
  return session;
}

export class TerminalSession {
  /** Everything that was written, including escape sequences. */
  written = '';
  /** The exit status; null if killed. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #terminal: InstanceType<typeof xterm.Terminal>;

  constructor(child: ChildProcess, columns: number, rows: number) {
    this.#child = child;
    this.#terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 5_000, allowProposedApi: true });
    const drawn: Promise<void>[] = [];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.written += text;
      drawn.push(new Promise((resolve) => this.#terminal.write(text, resolve)));
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (code) => void Promise.all(drawn).then(() => resolve(code)));
    });
  }

  /** Types text, such as `\x03` for Ctrl-C. */
  type(input: string): void {
    this.#child.stdin?.write(`${JSON.stringify({ input })}\n`);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#child.stdin?.write(`${JSON.stringify({ columns, rows })}\n`);
  }

  /** The lines of the screen and its scrollback, without trailing blanks and trailing empty lines. */
  screen(): string[] {
    const { active } = this.#terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true) ?? '');
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** The colour number of the first cell of a text on the screen; -1 for the terminal's own. */
  colourOf(text: string): number {
    const { active } = this.#terminal.buffer;
    for (let row = 0; row < active.length; row++) {
      const line = active.getLine(row);
      const column = line?.translateToString().indexOf(text) ?? -1;
      if (column >= 0) return line?.getCell(column)?.getFgColor() ?? -1;
    }
    throw new Error(`${JSON.stringify(text)} is not on the screen`);
  }

  get title(): Promise<string> {
    return new Promise((resolve) => this.#terminal.onTitleChange(resolve));
  }

  /** Waits until the screen matches. */
  shows(pattern: RegExp): Promise<RegExpExecArray> {
    return until(`the screen shows ${pattern}`, () => pattern.exec(this.screen().join('\n')), {
      describe: () => this.screen().join('\n'),
    });
  }
}
