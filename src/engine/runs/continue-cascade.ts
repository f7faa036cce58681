import { settledState } from '../../store/schema.js';
import { markSettled, unsettledJobs } from '../../store/statements/jobs.js';
import type { BatchContext, EngineContext } from '../context.js';
import type { Operation } from '../writer/writer.js';
import { settleJobs } from './settle-jobs.js';

const jobsPerTransaction = 500;

/** Completes interrupted cascades, one at a time. */
export class Cascade {
  readonly #context: EngineContext;
  readonly #operation;
  /** Whether a cascade was cut since the last search began. */
  #isWanted = false;
  #running: Promise<void> | null = null;

  constructor(context: EngineContext) {
    this.#context = context;
    this.#operation = continueCascadeOperation(context);
  }

  /**
   * Resolves when no cut cascade is left. A search that is under way may miss a cascade that was cut just now, even by
   * its own transaction, so it searches again.
   */
  resume(): Promise<void> {
    this.#isWanted = true;
    this.#running ??= this.#run()
      .catch((error: unknown) =>
        this.#context.log.error({ err: error }, 'could not propagate ended jobs to their dependents; retrying'),
      )
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false;
      while ((await this.#context.writer.submit(this.#operation, null)).more);
    }
  }
}

/** Resumes cut cascades: propagates ended jobs to the dependents that do not know of them yet. */
function continueCascadeOperation(context: BatchContext): Operation<null, { more: boolean }> {
  return {
    name: 'continue-cascade',
    keyOf: () => 0,
    async apply(batch) {
      const jobs = await unsettledJobs.run(batch.connection, { limit: jobsPerTransaction });
      if (jobs.length === 0) return [{ more: false }];
      await markSettled.run(batch.connection, {
        rows: jobs.map(({ id }) => ({ id, settled: settledState.propagated })),
      });
      await settleJobs(
        context,
        batch,
        jobs.map(({ id, state, tolerated, version }) => {
          return { job: id, version, succeeded: state === 'success' || tolerated === 1 };
        }),
      );
      return [{ more: batch.wakeups.leftUnsettled || jobs.length === jobsPerTransaction }];
    },
  };
}
