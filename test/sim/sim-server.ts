import pino from 'pino';
import { createEngine, type RunningEngine } from '../../src/engine/create-engine.js';
import type { Environment } from '../../src/environment/environment.js';
import type { Random } from '../crash/random.js';
import { Process } from './process.js';
import { simEnvironment } from './sim-environment.js';
import { SimStore } from './sim-store.js';
import type { Simulation } from './simulation.js';

const log = pino({ level: 'silent' });

/** Short enough for one chunk at the beginning and one at the end of a log: each counts a minimum of 128 bytes. */
export const simLogCap = { headBytes: 128, tailBytes: 128 };

/** For how long a server may stand still without leases getting their full time again, as the documents say. */
const stallToleranceMs = 5_000;

/** One life of a server that has started. */
export interface LiveServer {
  readonly process: Process;
  readonly engine: RunningEngine;
  readonly environment: Environment;
  /** No new calls: it is about to stop. */
  isStopping: boolean;
}

/** A server with all its lives: it crashes, freezes, stops, and starts again on what was committed. */
export class SimServer {
  readonly index: number;
  readonly #simulation: Simulation;
  readonly #random: Random;
  #live: LiveServer | null = null;
  #process: Process | null = null;
  #lives = 0;
  #isStarting = false;
  /** By the world's clock, the last time at which anything went wrong with it. */
  #troubleAtMs = 0;
  /** When it last gave live leases their time again. */
  #graceAtMs = 0;

  constructor(simulation: Simulation, index: number) {
    this.#simulation = simulation;
    this.index = index;
    this.#random = simulation.world.random.fork();
  }

  /** Null while it is down. */
  get live(): LiveServer | null {
    return this.#live?.process.isAlive ? this.#live : null;
  }

  get troubleAtMs(): number {
    return this.#troubleAtMs;
  }

  isStarting(process: Process): boolean {
    return this.#isStarting && process === this.#process;
  }

  noteTrouble(untilMs = this.#simulation.world.nowMs): void {
    this.#troubleAtMs = Math.max(this.#troubleAtMs, untilMs);
  }

  start(): void {
    if (this.#isStarting || this.live !== null) return;
    const { world } = this.#simulation;
    const process = new Process(`s${this.index}.${++this.#lives}`);
    this.#process = process;
    this.#isStarting = true;
    process.onDeath(() => this.#died());
    world.count(this.#lives === 1 ? 'server started' : 'server started again');
    if (this.#simulation.leases.liveCount > 0) world.count('server started while leases live');
    void this.#boot(process);
  }

  crash(): void {
    if (this.#process?.isAlive !== true) return;
    this.#simulation.world.count(this.#isStarting ? 'crash while starting' : 'crash at any time');
    this.#process.die();
  }

  freeze(forMs: number): void {
    const { world } = this.#simulation;
    if (this.live === null) return;
    world.count('server frozen');
    this.live.process.freezeUntil(world.nowMs + forMs);
    this.noteTrouble(world.nowMs + forMs);
    world.after(forMs, this.live.process, 'went on', () => {
      world.count('frozen server went on');
      this.#wentOn(forMs);
    });
  }

  /** Ends parked claims and writes what is queued, as a signal makes it do, then dies. */
  stop(): void {
    const { live } = this;
    if (live === null || live.isStopping) return;
    const { world } = this.#simulation;
    live.isStopping = true;
    world.count('server stopped');
    live.engine.stop().then(
      () => world.after(0, live.process, 'stopped', () => live.process.die()),
      () => live.process.die(),
    );
    // A stop that takes too long is cut short.
    world.after(5_000, live.process, 'stopped at last', () => live.process.die());
  }

  thaw(): void {
    if (this.#process !== null) this.#simulation.world.thaw(this.#process);
  }

  cutOff(forMs: number): void {
    if (this.live === null) return;
    this.noteTrouble(this.#simulation.world.nowMs + forMs);
    this.#simulation.told.cutOff(this.live.process, forMs);
  }

  async #boot(process: Process): Promise<void> {
    const simulation = this.#simulation;
    const { world, database, clock } = simulation;
    const random = this.#random.fork();
    const now = clock.forServer(random);
    const environment = simEnvironment(world, process, random, now);
    const store = new SimStore({
      world,
      process,
      database,
      weather: () => simulation.weather,
      shared: simulation.isShared
        ? {
            told: simulation.told,
            outage: simulation.outage,
            knownNow: now,
            databaseNow: () => clock.databaseNow(),
            onGrace: (nowMs) => simulation.leases.graceAfterOutage(nowMs),
          }
        : null,
      onFatal: () => {
        world.count('server ended by its disk');
        process.die();
      },
      onGrace: () => this.#gaveGrace(),
      onTrouble: () => this.noteTrouble(),
      onSlow: (forMs) => simulation.noteSlow(forMs),
    });
    try {
      const grantedFromMs = now();
      const engine = await createEngine({
        store,
        environment,
        log,
        reapIntervalMs: random.pick([1_000, 5_000, 60_000]),
        stopGraceMs: simulation.model.stopGraceMs,
        logCap: simLogCap,
      });
      if (!process.isAlive) return;
      if (simulation.isShared) simulation.leases.perhapsGraceForAll();
      else simulation.leases.graceForAll(grantedFromMs, now());
      this.#isStarting = false;
      this.#live = { process, engine, environment, isStopping: false };
      this.noteTrouble();
    } catch (error) {
      simulation.expectInjected('a server starts', error);
      process.die();
    }
  }

  /** Where nobody else could renew meanwhile, every live lease has its full time from now. */
  #wentOn(afterMs: number): void {
    const { isShared, isHealing, leases, clock } = this.#simulation;
    if (isShared || isHealing || afterMs <= stallToleranceMs || this.live?.isStopping !== false) return;
    leases.graceAfterOutage(clock.databaseNow());
  }

  #gaveGrace(): void {
    const { world, leases, clock, slowUntilMs } = this.#simulation;
    if (this.#isStarting) return;
    world.count('grace after a full disk or a standstill');
    if (Math.max(this.#troubleAtMs, slowUntilMs) <= this.#graceAtMs) {
      world.violated('leases get their time again only when nobody could renew', `server ${this.index}`);
    }
    this.#graceAtMs = world.nowMs;
    leases.graceAfterOutage(clock.databaseNow());
  }

  #died(): void {
    const { world } = this.#simulation;
    world.note(`server ${this.index} died`);
    this.#simulation.leases.perhapsGraceForAll();
    this.#live = null;
    this.#isStarting = false;
    this.noteTrouble();
    world.after(this.#random.within(0, this.#simulation.isHealing ? 100 : 15_000), null, 'restart', () => this.start());
  }
}
