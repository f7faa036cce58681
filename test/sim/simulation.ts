import { DomainError } from '../../src/domain/errors.js';
import { Random } from '../crash/random.js';
import { Clock } from './clock.js';
import { isInjected } from './injected-failure.js';
import { Leases } from './leases.js';
import { compareAll } from './model/compare.js';
import type { Definition } from './model/definitions.js';
import { Model } from './model/model.js';
import { nothingOffered, type WorkerOffer } from './model/offer.js';
import { Outage } from './outage.js';
import { emptyDatabase, SimDatabase } from './sim-database.js';
import { SimServer } from './sim-server.js';
import { Told } from './told.js';
import { Waiting } from './waiting.js';
import { calm, drawWeather, type Weather } from './weather.js';
import { World } from './world.js';

/** The last digits of the seeds whose worlds have further keys, and pauses: so other worlds stay as they were. */
const keySeeds: readonly number[] = [6, 8];
const pauseSeeds: readonly number[] = [4, 8];

/** One world with its servers, and what is known about it. */
export class Simulation {
  readonly world: World;
  readonly isShared: boolean;
  /** Whether callers have credentials. */
  readonly hasCredentials: boolean;
  /** Whether definitions have concurrency groups. By a chance of its own, so that worlds without them stay as they were. */
  readonly hasGroups: boolean;
  /** Whether jobs of definitions have groups; the same. */
  readonly hasJobGroups: boolean;
  /** Whether some jobs have a matrix; the same. */
  readonly hasMatrices: boolean;
  /** Whether definitions have timeouts of the queue and the run, `retry-on`, `continue-on-error` and `max-parallel`. By the seed. */
  readonly hasKeys: boolean;
  /** Whether workflows, runs and labels are paused now and then; the same. */
  readonly hasPauses: boolean;
  readonly database: SimDatabase;
  readonly model: Model;
  readonly leases: Leases;
  readonly waiting: Waiting;
  readonly clock: Clock;
  readonly outage: Outage;
  readonly told: Told;
  readonly servers: readonly SimServer[];
  readonly definitions = new Map<string, Definition>();
  readonly offers = new Map<string, WorkerOffer>();
  /** Run ids by the request that started them. */
  readonly startedRuns = new Map<string, string>();
  /** What cancels that are under way were asked of: ids of runs or workflows. */
  readonly cancelling = new Set<string>();
  /** The runs and workflows of which a forced cancel was asked. */
  readonly forced = new Set<string>();
  /** Ids of the newest claims, for those who repeat what is not theirs. */
  readonly requestIds: string[] = [];
  weather: Weather;
  isHealing = false;
  /** Until when transactions were slow, by the world's clock; they wait for one another. */
  slowUntilMs = 0;
  #texts = 0;

  static async make(seed: number, tell: ((line: string) => void) | null): Promise<Simulation> {
    return new Simulation(new World(seed, tell), await emptyDatabase());
  }

  private constructor(world: World, empty: Awaited<ReturnType<typeof emptyDatabase>>) {
    const { random } = world;
    this.world = world;
    this.isShared = random.chance(0.45);
    this.hasCredentials = random.chance(0.5);
    this.hasGroups = new Random(Math.imul(world.seed + 7, 0x85ebca6b)).chance(0.3);
    if (this.hasGroups) world.count('worlds with groups');
    this.hasJobGroups = new Random(Math.imul(world.seed + 13, 0xc2b2ae35)).chance(0.3);
    if (this.hasJobGroups) world.count('worlds with groups of jobs');
    this.hasMatrices = new Random(Math.imul(world.seed + 29, 0x7d695815)).chance(0.35);
    if (this.hasMatrices) world.count('worlds with matrices');
    this.hasKeys = keySeeds.includes(world.seed % 10);
    if (this.hasKeys) world.count('worlds with further keys');
    this.hasPauses = pauseSeeds.includes(world.seed % 10);
    if (this.hasPauses) world.count('worlds with pauses');
    this.weather = random.chance(0.05) ? calm : drawWeather(random);
    this.database = new SimDatabase(
      empty,
      () => world.nowMs,
      (committer) => {
        // What a server does before it is up may give live leases more time.
        if (this.servers.some((server) => server.isStarting(committer))) this.leases.perhapsGraceForAll();
        this.model.afterCommit();
      },
    );
    this.model = new Model(
      world,
      this.database,
      this.definitions,
      (workerId) => this.offers.get(workerId) ?? nothingOffered,
      () => (!this.isShared ? 'all' : this.weather.rowTaken > 0 || this.isHealing ? 'no' : 'same labels'),
      random.pick([0, 2_000, 10_000, 10_000]),
      this.isShared ? Math.max(this.weather.clockErrorMsMax, calm.clockErrorMsMax) : 0,
      () => (this.isShared ? this.troubleAtMs() : null),
    );
    this.clock = new Clock(
      world,
      this.isShared,
      () => this.model.lastAtMs,
      () => this.weather.clockErrorMsMax,
    );
    this.leases = new Leases(this.model, () => this.clock.databaseNow());
    this.waiting = new Waiting(this);
    this.outage = new Outage(world, () => {
      for (const server of this.servers) server.noteTrouble();
    });
    this.told = new Told(world, () => this.weather, this.outage);
    const count = this.isShared ? random.within(1, 3) : 1;
    this.servers = Array.from({ length: count }, (_, index) => new SimServer(this, index));
    world.count(this.isShared ? 'worlds with a shared database' : 'worlds with a database of one server');
  }

  /** By the world's clock, when anything was wrong with any server, the last time. */
  troubleAtMs(): number {
    const { world, outage, slowUntilMs } = this;
    if (outage.isAway) return world.nowMs;
    const at = this.servers.map(({ live, troubleAtMs }) =>
      live === null ? world.nowMs : Math.max(troubleAtMs, live.process.frozenUntilMs),
    );
    return Math.max(slowUntilMs, ...at);
  }

  /** Any server that a client may know the address of. */
  anyServer(): SimServer {
    return this.world.random.pick(this.servers);
  }

  /** A number that no other text of this world has. */
  unique(): number {
    this.#texts += 1;
    return this.#texts;
  }

  noteSlow(forMs: number): void {
    this.slowUntilMs = Math.max(this.slowUntilMs, this.world.nowMs + forMs);
  }

  /** The faults end. */
  heal(): void {
    this.isHealing = true;
    this.weather = calm;
    this.outage.end();
    for (const server of this.servers) {
      server.thaw();
      server.start();
    }
  }

  /** An error that no caller caused and the simulation did not make is a bug. */
  expectInjected(what: string, error: unknown): void {
    if (isInjected(error)) return;
    if (error instanceof DomainError && error.code === 'unavailable') return;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.world.violated('nothing fails but what was made to fail', `${what}: ${text}`);
  }

  compareAll(): void {
    compareAll(this.model);
  }
}
