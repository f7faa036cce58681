import { Loop } from '../../environment/loop.js';
import { examineLive, isBroken } from '../../store/doctor/examine.js';
import { lastDoctorFound, noteDoctorFound, takeDoctorTurn } from '../../store/statements/doctor.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { EngineContext } from '../context.js';

/** Latest time of the first check after the start. */
const firstLookMs = 60_000;

/** Servers do not start together, so another's check also counts when it is a little older than the interval. */
const shareOfInterval = 0.9;

/** The result of a check, as servers notify each other of it. */
interface Found {
  /** Number of checks that found something. */
  readonly broken: number;
  /** When the check began. */
  readonly atMs: number;
}

/**
 * Checks the database's invariants at intervals and reports violations in the metrics and the log. It reads in a
 * session of its own, so no call waits for it. Where several servers share the database, one of them checks and the
 * others report its result.
 */
export class DoctorLoop {
  readonly #context: EngineContext;
  readonly #intervalMs: number;
  readonly #metrics: Metrics | null;
  readonly #loop: Loop;

  constructor(context: EngineContext, intervalMs: number, metrics: Metrics | null) {
    this.#context = context;
    this.#intervalMs = intervalMs;
    this.#metrics = metrics;
    this.#loop = new Loop({
      name: 'the integrity check',
      environment: context.environment,
      log: context.log,
      delayMs: () => this.#withJitter(intervalMs),
      runOnce: (stopping) => this.#lookOrTell(stopping),
    });
  }

  start(): void {
    this.#loop.start(this.#withJitter(Math.min(firstLookMs, this.#intervalMs)));
  }

  /** Stops after the check that is under way. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  runOnce(): Promise<void> {
    return this.#loop.runOnce();
  }

  #withJitter(delayMs: number): number {
    return delayMs + Math.floor((delayMs * this.#context.environment.random()) / 10);
  }

  async #lookOrTell(stopping: AbortSignal): Promise<undefined> {
    const { environment, log } = this.#context;
    const nowMs = environment.now();
    try {
      if (await this.#takeTurn(nowMs)) await this.#look(stopping);
      else await this.#reportOther();
    } catch (error) {
      if (stopping.aborted) return;
      log.warn({ err: error }, 'the integrity check could not read the database; retrying at the next interval');
    }
  }

  async #takeTurn(nowMs: number): Promise<boolean> {
    const { store } = this.#context;
    if (store.shared === null) return true;
    const taken = await store.transact((connection, databaseNowMs) => {
      const turnMs = databaseNowMs ?? nowMs;
      const beforeMs = turnMs - this.#intervalMs * shareOfInterval;
      return takeDoctorTurn.run(connection, { nowMs: turnMs, beforeMs });
    });
    return taken.length > 0;
  }

  async #look(stopping: AbortSignal): Promise<void> {
    const { store, environment, log } = this.#context;
    const atMs = environment.now();
    const reader = await store.openReader();
    try {
      const findings = await examineLive(reader, stopping);
      const broken = findings.filter(isBroken);
      for (const { name, promise, violations } of broken) {
        log.error({ check: name, promise, rows: violations }, 'database invariant violated');
      }
      log.debug(
        { checks: findings.length, broken: broken.length, took_ms: environment.now() - atMs },
        'database integrity check finished',
      );
      this.#metrics?.doctorFound(broken.length, atMs);
      if (store.shared !== null) {
        const found: Found = { broken: broken.length, atMs };
        await store.transact((connection) => noteDoctorFound.run(connection, { found: JSON.stringify(found) }));
      }
    } finally {
      await reader.close();
    }
  }

  async #reportOther(): Promise<void> {
    const [last] = await lastDoctorFound.run(this.#context.store.read, {});
    if (last === undefined) return;
    const { broken, atMs } = JSON.parse(last.value) as Found;
    this.#metrics?.doctorFound(broken, atMs);
  }
}
