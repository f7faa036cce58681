import { graceForLiveLeases } from '../store/statements/attempts.js';
import { type RunRow, runsWithUnfinishedWork } from '../store/statements/runs.js';
import {
  deleteVersionEdges,
  deleteVersionJobs,
  deleteVersionUnlessWhole,
  unfinishedVersions,
} from '../store/statements/workflows.js';
import type { cancelRunVerb } from './cancel-run.js';
import type { EngineContext } from './context.js';
import { forgetRunBeingMade } from './forget-run.js';
import type { startRunVerb } from './start-run.js';

/** How long no server may have written anything, for some to be at work still. */
const silentMs = 1_000;

/** After how long a run or version that another server may be making counts as left behind. */
const abandonedMs = 10 * 60_000;

export interface TakeUpWith {
  readonly context: EngineContext;
  readonly starting: ReturnType<typeof startRunVerb>;
  readonly cancelling: ReturnType<typeof cancelRunVerb>;
  settleLeftovers(): Promise<void>;
}

/**
 * Takes up work that takes many transactions and that was cut short, by a crash or because a transaction failed: large
 * runs of which not every root is claimable yet, cancels, cascades. What was not acknowledged, a run or a version in the
 * making, is deleted.
 *
 * Live leases get their full time again when no server was there to renew them.
 *
 * What the only server of a database finds at its start was left by a crash. At any other time this server or another may
 * be at it: work counts as left behind when it has not moved between two looks, and what is in the making when it is old.
 * Should two be at it after all, each step finds out, under the locks of the rows that it changes, what is left to do.
 */
export class LeftWork {
  readonly #with: TakeUpWith;
  /** Whether somebody may be at what is found. */
  #mayBeAtIt: boolean;
  /** Where unfinished work stood at the last look, by run. */
  #before = new Map<number, string>();

  constructor(takeUpWith: TakeUpWith) {
    this.#with = takeUpWith;
    this.#mayBeAtIt = takeUpWith.context.store.shared !== null;
  }

  /** Before the first call is served. Where several servers share the database, its clock says how long nobody served. */
  async giveGrace(): Promise<void> {
    const { store, environment, log } = this.#with.context;
    const leases = await store.transact(async (connection, databaseNowMs) => {
      const nowMs = databaseNowMs ?? environment.now();
      return this.#nobodyServedUntil(nowMs) ? graceForLiveLeases.run(connection, { nowMs }) : [];
    });
    if (leases.length > 0) log.info({ leases: leases.length }, 'live leases were given their full time again');
  }

  /** One look. */
  async takeUp(): Promise<void> {
    const { store } = this.#with.context;
    for (const version of await unfinishedVersions.run(store.read, {})) {
      if (this.#isAbandoned(version.created_at_ms)) await this.#deleteVersion(version.no);
    }
    const before = this.#before;
    this.#before = new Map();
    for (const run of await runsWithUnfinishedWork.run(store.read, {})) {
      if (run.state === 'creating') {
        if (this.#isAbandoned(run.created_at_ms)) await forgetRunBeingMade(store, run.no);
        continue;
      }
      const standsAt = `${run.activate_from}/${run.cancel_from}`;
      if (!this.#mayBeAtIt || before.get(run.no) === standsAt) await this.#goOn(run);
      else this.#before.set(run.no, standsAt);
    }
    await this.#with.settleLeftovers();
    this.#mayBeAtIt = true;
  }

  /** Whether leases could not be renewed just before this server started. */
  #nobodyServedUntil(nowMs: number): boolean {
    const lastWriteMs = this.#with.context.store.shared?.lastWriteMs ?? null;
    return lastWriteMs === null || nowMs - lastWriteMs > silentMs;
  }

  #isAbandoned(createdAtMs: number): boolean {
    return !this.#mayBeAtIt || this.#with.context.environment.now() - createdAtMs > abandonedMs;
  }

  async #goOn(run: RunRow): Promise<void> {
    const { starting, cancelling } = this.#with;
    if (run.activate_from !== null) {
      await starting.activateFrom({
        no: run.no,
        version: run.version,
        jobCount: run.job_count,
        from: run.activate_from,
      });
    }
    if (run.cancel_from !== null) await cancelling.cancelFrom(run, run.cancel_from, run.cancel_forced === 1);
  }

  async #deleteVersion(no: number): Promise<void> {
    await this.#with.context.store.transact(async (connection) => {
      const [gone] = await deleteVersionUnlessWhole.run(connection, { no });
      if (gone === undefined) return;
      await deleteVersionEdges.run(connection, { no });
      await deleteVersionJobs.run(connection, { no });
    });
  }
}
