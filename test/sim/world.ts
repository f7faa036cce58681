import { Random } from '../crash/random.js';
import { Counters } from './counters.js';
import { EventQueue, type Happening } from './event-queue.js';
import type { Process } from './process.js';
import { Trace } from './trace.js';

/** The virtual time at which a world begins. */
const beginMs = Date.UTC(2026, 0, 1);

/**
 * One virtual world: its clock, its chance, and what will happen in it. Nothing in it uses a real timer, thread, socket
 * or disk, so that a seed always gives the same history. After each event everything that needs no further event runs
 * to its end.
 */
export class World {
  readonly seed: number;
  readonly random: Random;
  readonly trace: Trace;
  readonly counters = new Counters();
  readonly violations: string[] = [];
  readonly #queue = new EventQueue();
  readonly #ties: Random;
  #nowMs = beginMs;
  #order = 0;
  #events = 0;

  constructor(seed: number, tell: ((line: string) => void) | null = null) {
    this.seed = seed;
    this.random = new Random(Math.imul(seed + 1, 0x9e3779b1));
    this.#ties = this.random.fork();
    this.trace = new Trace(tell);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Since the beginning of this world. */
  get elapsedMs(): number {
    return this.#nowMs - beginMs;
  }

  /** How many events have happened. */
  get events(): number {
    return this.#events;
  }

  /** Calls back after a delay; the returned function cancels it. */
  after(delayMs: number, owner: Process | null, kind: string, run: () => void): () => void {
    const happening: Happening = {
      atMs: this.#nowMs + Math.max(0, Math.ceil(delayMs)),
      tie: this.#ties.next(),
      order: this.#order++,
      kind,
      owner,
      run,
    };
    this.#queue.push(happening);
    return () => {
      happening.run = null;
    };
  }

  /** Waits; a process that dies meanwhile waits for ever. */
  sleep(delayMs: number, owner: Process | null, kind = 'sleep'): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, owner, kind, resolve));
  }

  /** Lets the next thing happen, and all that follows from it at once. False when nothing is left to happen. */
  async step(): Promise<boolean> {
    for (;;) {
      const next = this.#queue.pop();
      if (next === null) return false;
      if (next.run === null || next.owner?.isAlive === false) continue;
      if (next.owner !== null && next.owner.frozenUntilMs > next.atMs) {
        this.#nowMs = Math.max(this.#nowMs, next.atMs);
        this.#hold(next.owner, next);
        continue;
      }
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#events += 1;
      this.trace.add(`${this.elapsedMs} ${next.owner?.name ?? '-'} ${next.kind}`);
      next.run();
      await settled();
      return true;
    }
  }

  /** A frozen process goes on at once. */
  thaw(process: Process): void {
    process.thaw();
    this.#release(process);
  }

  #hold(process: Process, happening: Happening): void {
    if (process.hold(happening)) this.#releaseWhenThawed(process);
  }

  #releaseWhenThawed(process: Process): void {
    this.after(process.frozenUntilMs - this.#nowMs, null, 'goes on', () => {
      if (process.frozenUntilMs > this.#nowMs) this.#releaseWhenThawed(process);
      else this.#release(process);
    });
  }

  /** What was kept happens now, in the order in which it would have happened. */
  #release(process: Process): void {
    for (const [at, happening] of process.release().entries()) {
      happening.atMs = this.#nowMs;
      happening.tie = at * 1e-9 - 1;
      this.#queue.push(happening);
    }
  }

  /** Notes something for the trace. */
  note(text: string): void {
    this.trace.add(`      ${text}`);
  }

  count(name: string, by = 1): void {
    this.counters.add(name, by);
  }

  /** Something happened that must never happen. */
  violated(promise: string, what: string): void {
    this.violations.push(`${promise}: ${what}`);
    this.note(`VIOLATED ${promise}: ${what}`);
  }
}

/** Lets every promise that can be settled be settled: the event loop goes on only when there are no more microtasks. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
