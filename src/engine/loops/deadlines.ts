import { nextDeadline } from '../../store/statements/attempts.js';
import { nextDelayedJob } from '../../store/statements/jobs.js';
import type { EngineContext } from '../context.js';
import { overdueOperation } from '../lease-operations.js';
import type { Pulse } from './pulse.js';

/** How long it leaves overdue things to another server that is at them, before it looks again. */
const othersTurnMs = 100;

/**
 * Ends what is overdue: leases that were not renewed, attempts past their timeout, retries whose delay is over. It
 * sleeps until the next of them falls due, and is told when something earlier is written; it never scans.
 */
export class Deadlines {
  readonly #context: EngineContext;
  readonly #longestSleepMs: number;
  readonly #pulse: Pulse | null;
  readonly #operation;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #cancelTimer: () => void = () => {};
  #running: Promise<void> | null = null;
  #stopped = true;

  /**
   * @param longestSleepMs how long it sleeps at the most, as a safety net against a clock that jumps
   * @param pulse beats while something is due
   */
  constructor(context: EngineContext, longestSleepMs: number, pulse: Pulse | null) {
    this.#context = context;
    this.#longestSleepMs = longestSleepMs;
    this.#pulse = pulse;
    this.#operation = overdueOperation(context);
  }

  start(): void {
    this.#stopped = false;
    this.#wake();
  }

  /** Something falls due at this time. */
  noteDue(atMs: number): void {
    if (this.#stopped || atMs >= this.#dueAtMs) return;
    this.#sleepUntil(atMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    this.#pulse?.rest();
    await this.#running;
  }

  #sleepUntil(atMs: number): void {
    this.#cancelTimer();
    this.#dueAtMs = atMs;
    if (atMs === Number.POSITIVE_INFINITY) this.#pulse?.rest();
    else this.#pulse?.start();
    const delayMs = Math.min(Math.max(atMs - this.#context.environment.now(), 0), this.#longestSleepMs);
    this.#cancelTimer = this.#context.environment.after(delayMs, () => this.#wake());
  }

  #wake(): void {
    if (this.#running !== null || this.#stopped) return;
    this.#dueAtMs = Number.NEGATIVE_INFINITY;
    this.#running = this.#endOverdue()
      .catch((error: unknown) => {
        this.#context.log.error({ err: error }, 'ending overdue attempts failed; trying again in a second');
        return this.#context.environment.now() + 1_000;
      })
      .then((nextMs) => {
        this.#running = null;
        if (!this.#stopped) this.#sleepUntil(nextMs);
      });
  }

  async #endOverdue(): Promise<number> {
    const { writer, environment } = this.#context;
    for (;;) {
      const next = await this.#nextDue();
      if (next > environment.now()) return next;
      const { ended, nowMs } = await writer.submit(this.#operation, null);
      // The clock that judges may be a little behind this process's.
      if (next > nowMs) return environment.now() + (next - nowMs);
      // Another server is ending them.
      if (ended === 0) return environment.now() + othersTurnMs;
    }
  }

  async #nextDue(): Promise<number> {
    const { read } = this.#context.store;
    const [lease] = await nextDeadline.run(read, {});
    const [retry] = await nextDelayedJob.run(read, {});
    return Math.min(lease?.at_ms ?? Number.POSITIVE_INFINITY, retry?.at_ms ?? Number.POSITIVE_INFINITY);
  }
}
