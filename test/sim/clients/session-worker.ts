import { DomainError } from '../../../src/domain/errors.js';
import type { JobSession } from '../../../src/engine/claims/worker-session.js';
import type { ClaimedJob } from '../../../src/engine/engine.js';
import type { LeaseEvent } from '../../../src/engine/leases/lease-watch.js';
import type { EndOfJob } from '../calls.js';
import { isToStop } from '../model/lease.js';
import { offerOf } from '../model/offer.js';
import type { Answer } from '../network.js';
import type { LiveServer, SimServer } from '../sim-server.js';
import type { Waiter } from '../waiting.js';
import { Worker } from './worker.js';

/** Both ends of a connection, each of which may be dead before the other knows. Messages keep their order. */
interface Connection {
  readonly live: LiveServer;
  readonly server: SimServer;
  isBroken: boolean;
  /** Whether the server has heard that the worker drains. */
  isDrained: boolean;
  /** By the world's clock, when the last message of each direction arrives. */
  toServerAtMs: number;
  toWorkerAtMs: number;
  session: JobSession | null;
  waiter: Waiter | null;
  readonly onBroken: (() => void)[];
}

/** A worker to which jobs are pushed over a stream, with credits, word of arrival, and reports on the same stream. */
export class SessionWorker extends Worker {
  #isDraining = false;
  #connection: Connection | null = null;
  #running = 0;
  #results = new Map<string, (answer: Answer<void>) => void>();

  override start(): void {
    void this.#run();
  }

  override drain(): void {
    this.#isDraining = true;
    const connection = this.#connection;
    if (connection === null) return;
    this.#toServer(connection, 'drain', () => {
      this.#drainAtServer(connection);
    });
  }

  /** Says in one breath that it is there and that it takes no more jobs, as one does that is ended while it starts. */
  #drainSoon(connection: Connection): void {
    const { world } = this.parts.simulation;
    world.after(this.random.within(0, 4), connection.live.process, 'drain soon', () => {
      if (connection.session === null) return;
      world.count('drained in the turn of its claim');
      this.#drainAtServer(connection);
      world.after(this.random.within(500, 3_000), null, 'drained session ends', () => this.#cut(connection));
    });
  }

  #drainAtServer(connection: Connection): void {
    connection.session?.drain();
    connection.isDrained = true;
    if (connection.waiter !== null) this.parts.simulation.waiting.remove(connection.waiter);
  }

  async #run(): Promise<void> {
    while (!this.#isDraining) {
      await this.#connect();
      await this.sleep(50, 2_000);
    }
  }

  async #connect(): Promise<void> {
    const { world } = this.parts.simulation;
    const server = this.parts.simulation.anyServer();
    await this.sleep(this.parts.network.delayMs());
    const { live } = server;
    if (live === null || live.isStopping) return;
    const connection: Connection = {
      live,
      server,
      isBroken: false,
      isDrained: false,
      toServerAtMs: 0,
      toWorkerAtMs: 0,
      session: null,
      waiter: null,
      onBroken: [],
    };
    this.#connection = connection;
    world.count('session opened');
    this.#toServer(connection, 'hello', () => this.#open(connection));
    live.process.onDeath(() => this.#breakAtWorker(connection));
    this.process.onDeath(() => this.#closeAtServer(connection));
    if (!this.parts.simulation.isHealing && this.random.chance(0.5)) {
      world.after(this.random.within(1_000, 40_000), null, 'session breaks', () => this.#cut(connection));
    }
    await new Promise<void>((resolve) => {
      if (connection.isBroken) resolve();
      else connection.onBroken.push(resolve);
    });
  }

  // At the server.

  #open(connection: Connection): void {
    const { id, labels, onlyLabelled, credential, ttlSecs, slots } = this.profile;
    const { live } = connection;
    if (live.isStopping) {
      this.#breakAtWorker(connection);
      return;
    }
    const { simulation, calls } = this.parts;
    const session = live.engine.openSession(
      { caller: { credential }, workerId: id, labels, onlyLabelled, leaseTtlSecs: ttlSecs, slots, version: '1' },
      {
        hasRoom: () => true,
        jobs: (jobs) => {
          simulation.world.count('jobs pushed', jobs.length);
          if (connection.isDrained) {
            simulation.world.violated('a worker that drains is pushed no more jobs', `${id} got ${jobs.length}`);
          }
          calls.pushed(jobs, this.claimInput(connection.waiter?.wants ?? 0, 0, null));
          this.#wants(connection, -jobs.length);
          this.#toWorker(connection, 'jobs', () => this.#arrived(connection, jobs));
        },
        leaseEvent: (event) => {
          simulation.world.count(`session told: ${event.kind === 'stop' ? event.reason : event.kind}`);
          this.#checkEvent(event);
          if (event.kind === 'stop') this.#toWorker(connection, 'stop', () => this.toldToStop(event.leaseId));
        },
        drain: () => {},
        failed: (error) => {
          simulation.expectInjected('a session', error);
          this.#closeAtServer(connection);
          this.#breakAtWorker(connection);
        },
      },
    );
    connection.session = session;
    connection.waiter = {
      workerId: id,
      server: connection.server,
      live,
      offer: offerOf(this.profile),
      sinceMs: simulation.world.nowMs,
      wants: 0,
    };
    simulation.waiting.add(connection.waiter);
    const free = Math.max(0, slots - this.#running);
    this.#wants(connection, free);
    session.addCredits(free);
    if (!simulation.isHealing && this.random.chance(0.1)) this.#drainSoon(connection);
  }

  #wants(connection: Connection, by: number): void {
    const { waiter } = connection;
    if (waiter === null) return;
    if (waiter.wants <= 0) waiter.sinceMs = this.parts.simulation.world.nowMs;
    waiter.wants += by;
  }

  #checkEvent(event: LeaseEvent): void {
    const { world, leases, clock } = this.parts.simulation;
    const lease = leases.byId.get(event.leaseId);
    if (lease === undefined) return;
    const isTrue =
      event.kind === 'stop' ? isToStop(lease, event.reason, clock.databaseNow()) : lease.attempt.outcome !== null;
    if (!isTrue) world.violated('a session is told the truth', JSON.stringify(event));
  }

  /** As the stream's edge does it: a refusal is a result, anything else ends the stream. */
  async #reportAtServer(connection: Connection, leaseId: string, end: EndOfJob): Promise<void> {
    const { calls } = this.parts;
    let answer: Answer<void> = { kind: 'ok', value: undefined };
    try {
      await calls.end(connection.live, leaseId, this.profile.credential, end);
    } catch (error) {
      if (!(error instanceof DomainError) || error.reason === null) {
        this.#closeAtServer(connection);
        this.#breakAtWorker(connection);
        return;
      }
      answer = { kind: 'refused', error };
    }
    if (connection.session === null) return;
    this.#wants(connection, 1);
    connection.session.reported(leaseId, answer.kind === 'refused' && answer.error.reason === 'unknown_lease');
    this.#toWorker(connection, 'result', () => this.#results.get(leaseId)?.(answer));
  }

  #closeAtServer(connection: Connection): void {
    const { session, waiter, live } = connection;
    connection.session = null;
    if (waiter !== null) this.parts.simulation.waiting.remove(waiter);
    if (live.process.isAlive) session?.close();
  }

  // At the worker.

  #arrived(connection: Connection, jobs: readonly ClaimedJob[]): void {
    const { simulation } = this.parts;
    if (this.profile.temper === 'slow' && this.random.chance(0.3)) {
      // It does not come to reading its stream for a while.
      simulation.world.count('word of arrival late');
      simulation.world.after(this.random.within(3_000, 8_000), this.process, 'read late', () =>
        this.#begin(connection, jobs),
      );
    } else {
      this.#begin(connection, jobs);
    }
  }

  #begin(connection: Connection, jobs: readonly ClaimedJob[]): void {
    const { simulation } = this.parts;
    const leaseIds = jobs.map((job) => job.leaseId);
    this.#toServer(connection, 'received', () => {
      if (connection.session === null) return;
      for (const leaseId of leaseIds) {
        const lease = simulation.leases.byId.get(leaseId);
        if (lease === undefined || lease.arrivedAtMs !== null) continue;
        const { server, live } = connection;
        const toldAtMs = simulation.world.nowMs;
        lease.arrivedAtMs = simulation.clock.databaseNow();
        lease.isArrivalSafe = () =>
          live.process.isAlive && server.troubleAtMs < toldAtMs && simulation.slowUntilMs < toldAtMs;
      }
      connection.session.received(leaseIds);
    });
    for (const job of jobs) void this.#workOn(job);
  }

  async #workOn(job: ClaimedJob): Promise<void> {
    this.#running += 1;
    await this.work(job);
    this.#running -= 1;
  }

  protected override async report(job: ClaimedJob, end: EndOfJob): Promise<Answer<void>> {
    const connection = this.#connection;
    if (connection === null || connection.isBroken || this.random.chance(0.1)) return this.#reportApart(job, end);
    const answer = await new Promise<Answer<void>>((resolve) => {
      this.#results.set(job.leaseId, resolve);
      connection.onBroken.push(() => resolve({ kind: 'lost' }));
      this.#toServer(connection, 'report', () => {
        if (connection.session !== null) void this.#reportAtServer(connection, job.leaseId, end);
      });
    });
    this.#results.delete(job.leaseId);
    return answer.kind === 'lost' ? this.#reportApart(job, end) : answer;
  }

  /** Reports by a call of its own, and gives the slot's credit back itself. */
  async #reportApart(job: ClaimedJob, end: EndOfJob): Promise<Answer<void>> {
    const answer = await super.report(job, end);
    const connection = this.#connection;
    // The opening of a session that is still on its way counts the slot.
    if (connection === null || connection.isBroken || connection.session === null) return answer;
    this.#toServer(connection, 'credit', () => {
      if (connection.session === null || this.#isDraining) return;
      this.#wants(connection, 1);
      connection.session.addCredits(1);
    });
    return answer;
  }

  // Between them.

  #toServer(connection: Connection, kind: string, deliver: () => void): void {
    const { world } = this.parts.simulation;
    connection.toServerAtMs = Math.max(connection.toServerAtMs + 1, world.nowMs + this.parts.network.delayMs());
    world.after(connection.toServerAtMs - world.nowMs, connection.live.process, `stream ${kind}`, () => {
      if (!connection.isBroken) deliver();
    });
  }

  #toWorker(connection: Connection, kind: string, deliver: () => void): void {
    const { world } = this.parts.simulation;
    connection.toWorkerAtMs = Math.max(connection.toWorkerAtMs + 1, world.nowMs + this.parts.network.delayMs());
    world.after(connection.toWorkerAtMs - world.nowMs, this.process, `stream ${kind}`, () => {
      if (!connection.isBroken) deliver();
    });
  }

  /** Nothing passes any more; each side finds out in its own time. */
  #cut(connection: Connection): void {
    if (connection.isBroken) return;
    const { world } = this.parts.simulation;
    world.count('session cut');
    connection.isBroken = true;
    world.after(this.random.within(0, 8_000), connection.live.process, 'notices the cut', () =>
      this.#closeAtServer(connection),
    );
    world.after(this.random.within(0, 8_000), this.process, 'notices the cut', () => {
      for (const callback of connection.onBroken.splice(0)) callback();
    });
  }

  #breakAtWorker(connection: Connection): void {
    const { world } = this.parts.simulation;
    world.after(this.parts.network.delayMs(), this.process, 'stream ended', () => {
      connection.isBroken = true;
      for (const callback of connection.onBroken.splice(0)) callback();
    });
  }
}
