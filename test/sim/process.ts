import type { Happening } from './event-queue.js';

/**
 * A process of the simulated world, a server or a client. What is addressed to one that is dead is thrown away; what is
 * addressed to one that is frozen waits until it goes on.
 */
export class Process {
  readonly name: string;
  #isAlive = true;
  #frozenUntilMs = 0;
  #held: Happening[] = [];
  readonly #onDeath: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get frozenUntilMs(): number {
    return this.#frozenUntilMs;
  }

  freezeUntil(atMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, atMs);
  }

  thaw(): void {
    this.#frozenUntilMs = 0;
  }

  /** Keeps what happens to it until it goes on. True for the first that is kept. */
  hold(happening: Happening): boolean {
    this.#held.push(happening);
    return this.#held.length === 1;
  }

  /** What was kept, in order. */
  release(): Happening[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  onDeath(callback: () => void): void {
    this.#onDeath.push(callback);
  }

  die(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    for (const callback of this.#onDeath.splice(0)) callback();
  }
}

/** What a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise(() => {});
}
