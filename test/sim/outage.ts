import { InjectedFailure } from './injected-failure.js';
import type { Process } from './process.js';
import type { World } from './world.js';

/** A database that servers share, as something that can be away for a while: nobody reaches it then. */
export class Outage {
  readonly #world: World;
  readonly #onChange: () => void;
  #isAway = false;
  #waiting: (() => void)[] = [];

  /** @param onChange called when it goes away and when it is back */
  constructor(world: World, onChange: () => void) {
    this.#world = world;
    this.#onChange = onChange;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  begin(forMs: number): void {
    if (this.#isAway) return;
    this.#world.count('database away');
    this.#isAway = true;
    this.#onChange();
    this.#world.after(forMs, null, 'database back', () => this.end());
  }

  end(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#onChange();
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Fulfilled when it is back, or when the patience is over. */
  backWithin(patienceMs: number, process: Process): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push(go);
      this.#world.after(patienceMs, process, 'no patience with the database', go);
    });
  }
}

/** How long a server keeps a caller waiting for a database that is away. */
const patienceMs = 2_500;

/** What one life of a server knows of the database's absence: only what it tried itself. */
export class Reach {
  readonly #world: World;
  readonly #process: Process;
  readonly #outage: Outage;
  readonly #onBack: (() => void)[] = [];
  #lostAtMs: number | null = null;
  #longestAwayMs = 0;

  constructor(world: World, process: Process, outage: Outage) {
    this.#world = world;
    this.#process = process;
    this.#outage = outage;
  }

  /** Reaches the database, or waits for it a while. Errors: an injected failure when it is away for longer. */
  async arrive(): Promise<void> {
    if (this.#outage.isAway) {
      this.#lost();
      await this.#outage.backWithin(patienceMs, this.#process);
    }
    const failure = this.failure();
    if (failure !== null) throw failure;
  }

  /** What a statement meets with now; null when it is answered. */
  failure(): InjectedFailure | null {
    if (!this.#outage.isAway) {
      this.#answered();
      return null;
    }
    this.#lost();
    return new InjectedFailure('08006', 'connection lost');
  }

  awayMs(): number {
    return Math.max(this.#longestAwayMs, this.#lostAtMs === null ? 0 : this.#world.nowMs - this.#lostAtMs);
  }

  forgetAway(): void {
    this.#longestAwayMs = 0;
  }

  onBack(callback: () => void): void {
    this.#onBack.push(callback);
  }

  #lost(): void {
    this.#lostAtMs ??= this.#world.nowMs;
  }

  #answered(): void {
    if (this.#lostAtMs === null) return;
    this.#longestAwayMs = Math.max(this.#longestAwayMs, this.#world.nowMs - this.#lostAtMs);
    this.#lostAtMs = null;
    for (const callback of this.#onBack) callback();
  }
}
