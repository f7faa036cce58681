import { examineLive, isBroken } from '../../store/doctor/examine.js';
import { lastDoctorFound, noteDoctorFound, takeDoctorTurn } from '../../store/statements/doctor.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { EngineContext } from '../context.js';

/** How long after the start it looks first, at the latest. */
const firstLookMs = 60_000;

/** Servers do not start together, so that a look of another counts as this one's when it is almost as new. */
const shareOfInterval = 0.9;

/** What servers tell each other of a look. */
interface Found {
  /** How many checks found something. */
  readonly broken: number;
  /** When the look began. */
  readonly atMs: number;
}

/**
 * Looks, now and then, for anything in the database that must never be, and says so in the metrics and the log. It reads
 * in a session of its own, so that nobody waits for it. Where several servers share the database one of them looks, and
 * the others tell what it found.
 */
export class DoctorLoop {
  readonly #context: EngineContext;
  readonly #intervalMs: number;
  readonly #metrics: Metrics | null;
  #cancelTimer: () => void = () => {};
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(context: EngineContext, intervalMs: number, metrics: Metrics | null) {
    this.#context = context;
    this.#intervalMs = intervalMs;
    this.#metrics = metrics;
  }

  start(): void {
    this.#sleep(Math.min(firstLookMs, this.#intervalMs));
  }

  /** Ends a look that is under way with the check that it is at. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelTimer();
    await this.#running;
  }

  #sleep(delayMs: number): void {
    const jitterMs = Math.floor((delayMs * this.#context.environment.random()) / 10);
    this.#cancelTimer = this.#context.environment.after(delayMs + jitterMs, () => {
      this.#running = this.runOnce().then(() => {
        if (!this.#stopping.signal.aborted) this.#sleep(this.#intervalMs);
      });
    });
  }

  async runOnce(): Promise<void> {
    const { environment, log } = this.#context;
    const nowMs = environment.now();
    try {
      if (await this.#takeTurn(nowMs)) await this.#look();
      else await this.#tellOfOther();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      log.warn({ err: error }, 'the doctor could not look at the database; trying again later');
    }
  }

  async #takeTurn(nowMs: number): Promise<boolean> {
    const { store } = this.#context;
    if (store.shared === null) return true;
    const beforeMs = nowMs - this.#intervalMs * shareOfInterval;
    const taken = await store.transact((connection) => takeDoctorTurn.run(connection, { nowMs, beforeMs }));
    return taken.length > 0;
  }

  async #look(): Promise<void> {
    const { store, environment, log } = this.#context;
    const atMs = environment.now();
    const reader = await store.openReader();
    try {
      const findings = await examineLive(reader, this.#stopping.signal);
      const broken = findings.filter(isBroken);
      for (const { name, promise, violations } of broken) {
        log.error({ check: name, promise, rows: violations }, 'the database holds what must never be');
      }
      log.debug(
        { checks: findings.length, broken: broken.length, took_ms: environment.now() - atMs },
        'the doctor has looked at the database',
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

  async #tellOfOther(): Promise<void> {
    const [last] = await lastDoctorFound.run(this.#context.store.read, {});
    if (last === undefined) return;
    const { broken, atMs } = JSON.parse(last.value) as Found;
    this.#metrics?.doctorFound(broken, atMs);
  }
}
