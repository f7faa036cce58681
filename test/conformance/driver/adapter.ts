import { createInterface } from 'node:readline';
import { Child } from './child.js';
import type { EventPattern } from './scenario.js';
import { scaled } from './time-factor.js';
import { patienceMs, until } from './until.js';

export interface AdapterEvent {
  readonly event: string;
  readonly worker?: string;
  readonly job_id?: string;
  readonly workflow_id?: string;
  readonly attempt?: number;
  readonly how?: string;
  readonly error?: string | null;
  /** The response of a call. */
  readonly id?: string;
  readonly answer?: string;
}

export interface AdapterHello {
  readonly client: string;
  readonly transports: readonly string[];
  readonly executors: readonly string[];
  /** The capabilities of a plain worker; all of them if absent. */
  readonly has?: readonly string[];
}

/** How long an adapter may take to exit after its stdin closes, on the reference machine. */
const endMs = 30_000;

/** A client's adapter program: commands in, events out. */
export class Adapter {
  readonly events: AdapterEvent[] = [];
  readonly #child: Child;
  readonly #garbage: string[] = [];
  readonly #startMs: number;

  /** @param command a shell command, run in `cwd`; `startMs` leaves time to build the adapter */
  constructor(command: string, cwd: string, serverUrl: string, startMs = patienceMs) {
    this.#startMs = startMs;
    this.#child = new Child('/bin/sh', ['-c', `exec ${command}`], {
      cwd,
      env: { ...process.env, SERVER_URL: serverUrl, CONFORMANCE_PASSED: 'yes', CONFORMANCE_LEFT_OUT: 'yes' },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const { stdout } = this.#child.process;
    if (stdout === null) throw new Error('the adapter has no stdout');
    createInterface({ input: stdout }).on('line', (line) => this.#take(line));
  }

  get stderr(): string {
    return this.#child.stderr;
  }

  send(command: Readonly<Record<string, unknown>>): void {
    this.#child.process.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  async hello(): Promise<AdapterHello> {
    this.send({ do: 'hello' });
    const found = await this.until('the adapter says hello', (event) => event.event === 'hello', this.#startMs);
    return found as unknown as AdapterHello;
  }

  /** Waits until the adapter has processed all commands sent so far: it handles them one after the other. */
  async obeyed(): Promise<void> {
    const before = this.#hellos();
    this.send({ do: 'hello' });
    await this.until('the adapter answers', () => this.#hellos() > before, patienceMs);
  }

  #hellos(): number {
    return this.events.filter(({ event }) => event === 'hello').length;
  }

  until(what: string, matches: (event: AdapterEvent) => boolean, withinMs: number): Promise<AdapterEvent> {
    return until(
      what,
      () => {
        const found = this.events.find(matches);
        if (found === undefined && this.#garbage.length > 0) throw new Error(`no JSON on stdout: ${this.#garbage[0]}`);
        if (found === undefined && !this.#child.isRunning) throw new Error(`the adapter has exited; ${what}`);
        return found ?? null;
      },
      { withinMs, seen: () => JSON.stringify(this.events.slice(-5)) },
    );
  }

  /** Closes stdin; the adapter must then exit by itself. */
  async end(): Promise<{ endedByItself: boolean }> {
    this.#child.process.stdin?.end();
    const timer = { isOver: false };
    const patience = setTimeout(() => {
      timer.isOver = true;
      this.#child.signal('SIGKILL');
    }, scaled(endMs));
    const code = await this.#child.ended;
    clearTimeout(patience);
    return { endedByItself: !timer.isOver && code === 0 };
  }

  /** Kills it. */
  async kill(): Promise<void> {
    this.#child.signal('SIGKILL');
    await this.#child.ended;
  }

  #take(line: string): void {
    try {
      this.events.push(JSON.parse(line) as AdapterEvent);
    } catch {
      this.#garbage.push(line);
    }
  }
}

/** Whether an event matches what a scenario describes. */
export function matches(pattern: EventPattern, event: AdapterEvent): boolean {
  return (
    event.event === (pattern.event ?? event.event) &&
    event.worker === (pattern.worker ?? event.worker) &&
    event.job_id === (pattern.job ?? event.job_id) &&
    event.attempt === (pattern.attempt ?? event.attempt) &&
    event.how === (pattern.how ?? event.how)
  );
}
