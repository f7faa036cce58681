import { Loop } from '../../environment/loop.js';
import { nextDeadline } from '../../store/statements/attempts.js';
import { nextRunDeadline } from '../../store/statements/cancel-runs.js';
import { nextDelayedJob } from '../../store/statements/jobs.js';
import { nextQueueDeadline } from '../../store/statements/queue-timeouts.js';
import type { EngineContext } from '../context.js';
import { overdueOperation } from '../leases/lease-operations.js';
import { timeOutQueuedOperation } from '../runs/time-out-queued.js';
import type { timeOutRunsVerb } from '../runs/time-out-runs.js';
import type { StallDetector } from '../writer/stall-detector.js';

/** How long it waits for another server that is handling overdue attempts, before it looks again. */
const otherServerMs = 100;

/**
 * Handles what is overdue: expired leases, attempts past their timeout, retries whose delay is over, jobs that nobody claimed in time,
 * runs past their timeout. It sleeps until the next due time and is woken when an earlier one is written; it never scans.
 */
export class Deadlines {
  readonly #context: EngineContext;
  readonly #operation;
  readonly #timeOutQueued;
  readonly #timeOutRuns: ReturnType<typeof timeOutRunsVerb>;
  readonly #loop: Loop;
  readonly #stallDetector: StallDetector | null;

  /**
   * @param longestSleepMs longest sleep, a safety net against a clock that jumps
   *
   * @param stallDetector beats while something is due
   */
  constructor(
    context: EngineContext,
    timeOutRuns: ReturnType<typeof timeOutRunsVerb>,
    longestSleepMs: number,
    stallDetector: StallDetector | null,
  ) {
    this.#context = context;
    this.#timeOutRuns = timeOutRuns;
    this.#operation = overdueOperation(context);
    this.#timeOutQueued = timeOutQueuedOperation(context);
    this.#loop = new Loop({
      name: 'expiring overdue attempts',
      environment: context.environment,
      log: context.log,
      delayMs: () => longestSleepMs,
      runOnce: () => this.#endOverdueOrRetry(),
      onPause(untilMs) {
        if (untilMs === Number.POSITIVE_INFINITY) stallDetector?.rest();
        else stallDetector?.start();
      },
    });
    this.#stallDetector = stallDetector;
  }

  start(): void {
    this.#loop.start(0);
  }

  /** Wakes the loop for a new due time if it is the earliest. */
  noteDue(atMs: number): void {
    this.#loop.runBy(atMs);
  }

  async stop(): Promise<void> {
    const stopped = this.#loop.stop();
    this.#stallDetector?.rest();
    await stopped;
  }

  /** Returns the next due time. */
  async #endOverdueOrRetry(): Promise<number> {
    try {
      return await this.#endOverdue();
    } catch (error) {
      this.#context.log.error({ err: error }, 'could not expire overdue attempts; retrying in 1 s');
      return this.#context.environment.now() + 1_000;
    }
  }

  async #endOverdue(): Promise<number> {
    const { writer, environment } = this.#context;
    for (;;) {
      const { jobsMs, queuedMs, runsMs } = await this.#nextDue();
      const next = Math.min(jobsMs, queuedMs, runsMs);
      if (next > environment.now()) return next;
      const { ended, nowMs } = await writer.submit(this.#operation, null);
      const unclaimed = queuedMs > nowMs ? 0 : (await writer.submit(this.#timeOutQueued, null)).count;
      const timedOut = runsMs > nowMs ? 0 : (await this.#timeOutRuns()).count;
      // The clock that decides may be a little behind this process's.
      if (next > nowMs) return environment.now() + (next - nowMs);
      // Another server is handling them.
      if (ended === 0 && unclaimed === 0 && timedOut === 0) return environment.now() + otherServerMs;
    }
  }

  async #nextDue(): Promise<{ jobsMs: number; queuedMs: number; runsMs: number }> {
    const { read } = this.#context.store;
    const [lease] = await nextDeadline.run(read, {});
    const [retry] = await nextDelayedJob.run(read, {});
    const [queued] = await nextQueueDeadline.run(read, {});
    const [run] = await nextRunDeadline.run(read, {});
    const never = Number.POSITIVE_INFINITY;
    const jobsMs = Math.min(lease?.at_ms ?? never, retry?.at_ms ?? never);
    return { jobsMs, queuedMs: queued?.at_ms ?? never, runsMs: run?.at_ms ?? never };
  }
}
