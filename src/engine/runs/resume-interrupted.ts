import { DomainError } from '../../domain/errors.js';
import { overlapGroup } from '../../domain/schedule/overlap-group.js';
import type { Schedule } from '../../domain/schedule/schedule.js';
import { jobIdOf } from '../../store/job-id.js';
import { graceForLiveLeases } from '../../store/statements/attempts.js';
import type { RunRow } from '../../store/statements/find-runs.js';
import { countJobsOfRange, runsWithUnfinishedWork } from '../../store/statements/large-runs.js';
import { schedulesByWorkflowId } from '../../store/statements/schedules.js';
import { deleteVersionText } from '../../store/statements/version-texts.js';
import {
  deleteVersionEdges,
  deleteVersionJobs,
  deleteVersionUnlessWhole,
  startSpecOfVersion,
  unfinishedVersions,
} from '../../store/statements/workflows.js';
import type { EngineContext } from '../context.js';
import { runValues, toRunFacts } from '../memory/run-info.js';
import type { cancelRunVerb } from './cancel-run.js';
import { deleteUnfinishedRun } from './delete-unfinished-run.js';
import type { rerunRunVerb } from './rerun-run.js';
import type { startRunVerb } from './start-run.js';
import { groupOfRun } from './wanted-run.js';

/** After this long without a write by any server, the servers count as gone. */
const silentMs = 1_000;

/**
 * The age from which an incomplete run or version counts as abandoned, because another server may still be creating a
 * younger one.
 */
const abandonedMs = 10 * 60_000;

export interface ResumeParts {
  readonly context: EngineContext;
  readonly starting: ReturnType<typeof startRunVerb>;
  readonly cancelling: ReturnType<typeof cancelRunVerb>;
  readonly rerunning: Pick<ReturnType<typeof rerunRunVerb>, 'continueRerun'>;
  continueCascade(): Promise<void>;
  continueMatrices(): Promise<void>;
  /** Cancels the runs that make way for newer runs of their groups. */
  cancelInProgress(): Promise<void>;
}

/**
 * Resumes work that spans many transactions and was interrupted by a crash or a failed transaction: large runs whose
 * roots are not all claimable yet, re-runs, cancels, cascades. Deletes unacknowledged runs and versions that were never
 * completed.
 *
 * Extends all live leases by their full TTL when no server was there to renew them.
 *
 * The only server of a database knows at its start that all such work was left by a crash. At any other time this
 * server or another may still be doing it: work counts as interrupted when it has not moved between two looks, and an
 * incomplete run or version when it is old. If two servers resume the same work, each step reads under its row locks
 * what is left to do.
 */
export class InterruptedWork {
  readonly #with: ResumeParts;
  /** Whether another server, or this one, may still be doing what a look finds. */
  #mayBeInProgress: boolean;
  /** The state of unfinished work at the last look, by run. */
  #before = new Map<number, string>();

  constructor(parts: ResumeParts) {
    this.#with = parts;
    this.#mayBeInProgress = parts.context.store.shared !== null;
  }

  /**
   * Extends leases before the first call is served. On a shared database its clock says how long no server was running.
   */
  async giveGrace(): Promise<void> {
    const { store, environment, log, stopGraceMs } = this.#with.context;
    const leases = await store.transact(async (connection, databaseNowMs) => {
      const nowMs = databaseNowMs ?? environment.now();
      return this.#nobodyServedUntil(nowMs) ? graceForLiveLeases.run(connection, { nowMs, stopGraceMs }) : [];
    });
    if (leases.length > 0) log.info({ leases: leases.length }, 'extended all live leases by their full TTL');
  }

  /** Looks once for interrupted work and resumes it. */
  async resume(): Promise<void> {
    const { store } = this.#with.context;
    for (const version of await unfinishedVersions.run(store.read, {})) {
      if (this.#isAbandoned(version.created_at_ms)) await this.#deleteVersion(version.no);
    }
    const before = this.#before;
    this.#before = new Map();
    for (const run of await runsWithUnfinishedWork.run(store.read, {})) {
      if (run.state === 'creating') {
        if (this.#isAbandoned(run.created_at_ms)) await this.#finishOrDelete(run);
        continue;
      }
      const standsAt = `${run.rerun_from}/${run.activate_from}/${run.cancel_from}`;
      if (!this.#mayBeInProgress || before.get(run.no) === standsAt) await this.#goOn(run);
      else this.#before.set(run.no, standsAt);
    }
    await this.#with.cancelInProgress();
    await this.#with.continueCascade();
    await this.#with.continueMatrices();
    this.#mayBeInProgress = true;
  }

  /** Whether leases could not be renewed just before this server started. */
  #nobodyServedUntil(nowMs: number): boolean {
    const lastWriteMs = this.#with.context.store.shared?.lastWriteMs ?? null;
    return lastWriteMs === null || nowMs - lastWriteMs > silentMs;
  }

  #isAbandoned(createdAtMs: number): boolean {
    return !this.#mayBeInProgress || this.#with.context.environment.now() - createdAtMs > abandonedMs;
  }

  async #goOn(run: RunRow): Promise<void> {
    const { starting, cancelling, rerunning } = this.#with;
    if (run.rerun_from !== null) {
      await rerunning.continueRerun(run, run.generation, run.rerun_from);
    } else if (run.activate_from !== null) {
      await starting.activateFrom({
        no: run.no,
        version: run.version,
        jobCount: run.job_count,
        from: run.activate_from,
      });
    }
    if (run.cancel_from !== null) await cancelling.cancelFrom(run, run.cancel_from, run.cancel_forced === 1);
  }

  /**
   * Deletes an unacknowledged run that a caller requested, because the caller can repeat the request. Completes the run
   * of a schedule: its slot does not come again.
   */
  async #finishOrDelete(run: RunRow): Promise<void> {
    const { context, starting } = this.#with;
    const { read } = context.store;
    if (run.schedule === null) return deleteUnfinishedRun(context.store, run.no);
    const [version] = await startSpecOfVersion.run(read, { no: run.version });
    const facts = toRunFacts(run);
    const schedules = await schedulesByWorkflowId.run(read, { id: run.workflow_id });
    const row = schedules.find(({ id }) => id === run.schedule);
    const overlap = row === undefined || run.backfill !== null ? 'allow' : (JSON.parse(row.spec) as Schedule).overlap;
    const group =
      overlapGroup(run.workflow_id, run.schedule, overlap) ??
      groupOfRun(version?.start_spec ?? null, facts.inputs, runValues(facts), facts.vars);
    const [made] = await countJobsOfRange.run(read, { fromId: jobIdOf(run.no, 0), toId: jobIdOf(run.no + 1, 0) });
    try {
      const { no, id } = run;
      await starting.fillScheduled({
        no,
        id,
        version: run.version,
        group,
        jobCount: run.job_count,
        from: made?.count ?? 0,
      });
    } catch (error) {
      if (!(error instanceof DomainError) || error.code === 'unavailable') throw error;
      context.log.warn({ run: run.id, err: error }, 'a scheduled run was refused');
    }
  }

  async #deleteVersion(no: number): Promise<void> {
    await this.#with.context.store.transact(async (connection) => {
      const [gone] = await deleteVersionUnlessWhole.run(connection, { no });
      if (gone === undefined) return;
      await deleteVersionEdges.run(connection, { no });
      await deleteVersionJobs.run(connection, { no });
      await deleteVersionText.run(connection, { no });
    });
  }
}
