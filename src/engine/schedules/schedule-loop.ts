import { DomainError } from '../../domain/errors.js';
import { Loop } from '../../environment/loop.js';
import { anyActiveBackfill, noteRefusedByGroup } from '../../store/statements/backfills.js';
import { nextDueSchedule } from '../../store/statements/schedules.js';
import type { EngineContext } from '../context.js';
import { type LargeRun, toFill } from '../runs/start-operation.js';
import type { startRunVerb } from '../runs/start-run.js';
import { advanceBackfillsOperation } from './advance-backfills.js';
import { noteRefusedSlot } from './refused-slot.js';
import { type ScheduledRun, takeSlotsOperation } from './take-slots.js';

/** How long it waits for another server that is handling due schedules, before it looks again. */
const otherServerMs = 100;

/** Delay after a failure. */
const retryMs = 1_000;

/** Longest sleep: the server that stored a schedule may be gone before it could notify this one. */
const longestSleepMs = 60_000;

/** Starts the runs of schedules. It sleeps until the next slot is due, and is woken when schedules are stored. */
export class ScheduleLoop {
  readonly #context: EngineContext;
  readonly #starting: Pick<ReturnType<typeof startRunVerb>, 'fillScheduled' | 'activateFrom'>;
  readonly #operation;
  readonly #advance;
  readonly #loop: Loop;

  constructor(
    context: EngineContext,
    starting: Pick<ReturnType<typeof startRunVerb>, 'fillScheduled' | 'activateFrom'>,
  ) {
    this.#context = context;
    this.#starting = starting;
    this.#operation = takeSlotsOperation(context);
    this.#advance = advanceBackfillsOperation(context);
    this.#loop = new Loop({
      name: 'starting the runs of schedules',
      environment: context.environment,
      log: context.log,
      delayMs: () => longestSleepMs,
      runOnce: (stopping) => this.#takeDueOrRetry(stopping),
    });
    context.schedulesChanged.listen(() => this.wake());
  }

  start(): void {
    this.#loop.start(0);
  }

  /** Wakes the loop: the next slot may be earlier than it was. */
  wake(): void {
    this.#loop.runBy(this.#context.environment.now());
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Returns when the next slot is due. */
  async #takeDueOrRetry(stopping: AbortSignal): Promise<number> {
    try {
      return await this.#takeDue(stopping);
    } catch (error) {
      this.#context.log.error({ err: error }, 'could not start the runs of schedules; retrying in 1 s');
      return this.#context.environment.now() + retryMs;
    }
  }

  async #takeDue(stopping: AbortSignal): Promise<number> {
    const { store, writer, environment } = this.#context;
    await this.#advanceBackfills(stopping);
    while (!stopping.aborted) {
      const [next] = await nextDueSchedule.run(store.read, {});
      const dueMs = next?.at_ms ?? Number.POSITIVE_INFINITY;
      if (dueMs > environment.now()) return dueMs;
      const { schedules, large, inGroups, nowMs } = await writer.submit(this.#operation, null);
      for (const run of large) await this.#makeJobs(run);
      for (const { small, asked } of inGroups)
        if (small !== null && !asked.isHeld) await this.#starting.activateFrom(small);
      // The clock that decides may be a little behind this process's.
      if (dueMs > nowMs) return environment.now() + (dueMs - nowMs);
      if (schedules === 0) return environment.now() + otherServerMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Starts the runs of backfills for which there is room. The end of a run wakes the loop for the next. */
  async #advanceBackfills(stopping: AbortSignal): Promise<void> {
    const { store, writer } = this.#context;
    const [active] = await anyActiveBackfill.run(store.read, {});
    if (active === undefined) return;
    while (!stopping.aborted) {
      const { hasProgress, large, inGroups } = await writer.submit(this.#advance, null);
      for (const { run, backfill } of large) await this.#makeJobsOfBackfill(run, backfill);
      for (const { small, asked } of inGroups)
        if (small !== null && !asked.isHeld) await this.#starting.activateFrom(small);
      if (!hasProgress) return;
    }
  }

  async #makeJobsOfBackfill(run: LargeRun, backfill: number): Promise<void> {
    const { store, log } = this.#context;
    try {
      await this.#starting.fillScheduled(toFill(run));
    } catch (err) {
      if (err instanceof DomainError && err.code !== 'unavailable') {
        const { message } = err;
        await store.transact((connection) => noteRefusedByGroup.run(connection, { no: backfill, error: message }));
      } else log.error({ err, run: run.id }, 'could not make the jobs of a run of a backfill; they are made later');
    }
  }

  async #makeJobs({ run, slot }: ScheduledRun): Promise<void> {
    try {
      await this.#starting.fillScheduled(toFill(run));
    } catch (err) {
      if (err instanceof DomainError && err.code !== 'unavailable')
        await noteRefusedSlot(this.#context, slot, err.message);
      else
        this.#context.log.error(
          { err, run: run.id },
          'could not make the jobs of a scheduled run; they are made later',
        );
    }
  }
}
