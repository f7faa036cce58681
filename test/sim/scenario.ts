import { Calls } from './calls.js';
import { Canceller } from './clients/canceller.js';
import { LogFollower } from './clients/log-follower.js';
import { LongPollWorker } from './clients/long-poll-worker.js';
import { Pauser } from './clients/pauser.js';
import { PollWorker } from './clients/poll-worker.js';
import { Reader } from './clients/reader.js';
import { Rerunner } from './clients/rerunner.js';
import { SessionWorker } from './clients/session-worker.js';
import { Submitter } from './clients/submitter.js';
import { Watcher } from './clients/watcher.js';
import { drawLabels, type Style, type Temper, type Worker, type WorkerProfile } from './clients/worker.js';
import { allLabels } from './model/definitions.js';
import { exitCodesLabel } from './model/keys.js';
import { offerOf } from './model/offer.js';
import { allJobs, endStates } from './model/states.js';
import { Network } from './network.js';
import type { Parts } from './parts.js';
import type { Simulation } from './simulation.js';

const tempers: readonly Temper[] = ['good', 'good', 'slow', 'crashing', 'frozen', 'lying', 'skewed', 'giving back'];
const styles: readonly Style[] = ['poll', 'long poll', 'session'];

/** Who lives in a world and what is done to it, all drawn from its seed. */
export class Scenario {
  readonly #simulation: Simulation;
  readonly #parts: Parts;
  readonly #workers: Worker[] = [];
  readonly #submitters: Submitter[] = [];
  readonly #watchers: Watcher[] = [];
  readonly #followers: LogFollower[] = [];
  #submitting = 0;
  #lastWorker = 0;
  /** How long the faults last. */
  readonly #faultsMs: number;

  constructor(simulation: Simulation, length: number) {
    this.#simulation = simulation;
    this.#parts = { simulation, network: new Network(simulation), calls: new Calls(simulation) };
    this.#faultsMs = Math.floor(simulation.world.random.within(15_000, 60_000) * length);
  }

  get faultsMs(): number {
    return this.#faultsMs;
  }

  begin(): void {
    const { world, servers } = this.#simulation;
    const { random } = world;
    for (const server of servers) server.start();
    for (let count = random.pick([2, 3, 4, 6, 10, 20]); count > 0; count--) this.#addWorker();
    const isLarge = random.chance(0.07);
    for (let count = random.within(1, 3); count > 0; count--) this.#addSubmitter(isLarge && count === 1);
    if (random.chance(0.6) || isLarge)
      void new Canceller(this.#parts, 'canceller').run(this.#submitters, this.#faultsMs, isLarge ? 4_000 : 20_000);
    if (random.chance(0.4)) void new Rerunner(this.#parts, 'rerunner').run(this.#faultsMs, 6_000);
    for (let count = random.within(0, 2); count > 0; count--)
      void new Reader(this.#parts, `reader${count}`).run(this.#faultsMs);
    if (this.#simulation.hasPauses) void new Pauser(this.#parts, 'pauser').run(this.#submitters, this.#faultsMs);
    if (random.chance(0.3)) this.#watchers.push(this.#watcher(null));
    this.#watchSome();
    this.#misfortunes();
  }

  /** The faults end; from now on good workers with every label do what is left. */
  heal(): void {
    const { world } = this.#simulation;
    world.note('healing');
    this.#simulation.heal();
    for (const worker of this.#workers) {
      world.thaw(worker.process);
      if (world.random.chance(0.5)) worker.process.die();
      else worker.drain();
    }
    for (let count = 0; count < 3; count++) {
      this.#startWorker({
        id: `healer${count}`,
        labels: allLabels,
        onlyLabelled: false,
        credential: this.#simulation.hasCredentials ? `healer${count}` : null,
        style: styles[count] ?? 'poll',
        temper: 'good',
        ttlSecs: 10,
        slots: 4,
      });
    }
  }

  get isOver(): boolean {
    if (this.#submitting > 0) return false;
    for (const run of this.#simulation.model.runs.values()) if (!endStates.has(run.state)) return false;
    return (
      this.#watchers.every(({ isDone, name }) => isDone || name === 'watcher of all') &&
      this.#followers.every(({ isDone }) => isDone)
    );
  }

  /** What is not over, for the report of a world that does not come to its end. */
  left(): string {
    const open = [...this.#simulation.model.runs.values()].filter((run) => !endStates.has(run.state));
    const jobs = open.flatMap((run) =>
      [...allJobs(run)]
        .filter((job) => !endStates.has(job.state))
        .map((job) => `${run.no}/${job.def.key} ${job.state}`),
    );
    const readers = [...this.#watchers, ...this.#followers].filter(({ isDone }) => !isDone).map(({ name }) => name);
    return `${this.#submitting} submitters, jobs ${jobs.slice(0, 8).join(', ')}, readers ${readers.join(', ')}`;
  }

  #addWorker(): void {
    const { world, hasCredentials } = this.#simulation;
    const { random } = world;
    const id = `w${++this.#lastWorker}`;
    this.#startWorker({
      id,
      labels: drawLabels(random),
      onlyLabelled: random.chance(0.15),
      credential: hasCredentials ? id : null,
      style: random.pick(styles),
      temper: random.pick(tempers),
      ttlSecs: random.pick([null, 1, 2, 5, 10]),
      slots: random.within(1, 4),
    });
  }

  #startWorker(drawn: WorkerProfile): void {
    const { world, offers, hasKeys } = this.#simulation;
    const profile = hasKeys ? { ...drawn, labels: [...drawn.labels, exitCodesLabel] } : drawn;
    offers.set(profile.id, offerOf(profile));
    if (profile.onlyLabelled) world.count('worker: only labelled');
    world.count(`worker: ${profile.style}, ${profile.temper}`);
    const worker =
      profile.style === 'session'
        ? new SessionWorker(this.#parts, profile)
        : profile.style === 'poll'
          ? new PollWorker(this.#parts, profile)
          : new LongPollWorker(this.#parts, profile);
    this.#workers.push(worker);
    worker.start();
    worker.process.onDeath(() => {
      if (this.#simulation.isHealing) return;
      world.after(world.random.within(500, 15_000), null, 'worker again', () => {
        if (!this.#simulation.isHealing) this.#startWorker(drawn);
      });
    });
  }

  #addSubmitter(isLarge: boolean): void {
    const submitter = new Submitter(this.#parts, `submitter${this.#submitters.length}`);
    this.#submitters.push(submitter);
    this.#submitting += 1;
    void submitter.run(this.#simulation.world.random.within(1, 6), isLarge).then(() => {
      this.#submitting -= 1;
    });
  }

  #watchSome(): void {
    const { world, model } = this.#simulation;
    world.after(world.random.within(1_000, 15_000), null, 'someone watches', () => {
      const runs = [...model.runs.values()].filter(({ definition }) => !definition.isLarge);
      if (runs.length > 0 && this.#watchers.length < 5) {
        const run = world.random.pick(runs.slice(-3));
        this.#watchers.push(this.#watcher(run));
        const follower = new LogFollower(this.#parts, `follower of ${run.no}`);
        this.#followers.push(follower);
        void follower.run(run, world.random.pick(run.jobs));
      }
      if (world.elapsedMs < this.#faultsMs) this.#watchSome();
    });
  }

  #watcher(run: Parameters<Watcher['run']>[0]): Watcher {
    const watcher = new Watcher(this.#parts, run === null ? 'watcher of all' : `watcher of ${run.no}`);
    void watcher.run(run);
    return watcher;
  }

  /** What befalls servers at any time, beside what befalls their transactions. */
  #misfortunes(): void {
    const { weather } = this.#simulation;
    this.#every(weather.crashEveryMs, 'crash', () => this.#simulation.anyServer().crash());
    this.#every(weather.stopEveryMs, 'stop', () => this.#simulation.anyServer().stop());
    this.#every(weather.freezeEveryMs, 'freeze', () => {
      const { random } = this.#simulation.world;
      this.#simulation.anyServer().freeze(random.pick([200, 3_000, 30_000]));
    });
    if (!this.#simulation.isShared) return;
    this.#every(weather.outageEveryMs, 'database away', () => {
      this.#simulation.outage.begin(this.#simulation.world.random.pick([300, 2_000, 8_000, 20_000]));
    });
    this.#every(weather.awayEveryMs, 'cut off', () => {
      this.#simulation.anyServer().cutOff(this.#simulation.world.random.within(100, 8_000));
    });
  }

  #every(meanMs: number, kind: string, act: () => void): void {
    if (meanMs === 0) return;
    const { world } = this.#simulation;
    world.after(world.random.within(1, 2 * meanMs), null, kind, () => {
      if (this.#simulation.isHealing) return;
      act();
      this.#every(meanMs, kind, act);
    });
  }
}
