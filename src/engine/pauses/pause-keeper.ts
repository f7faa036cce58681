import { workflowPausePrefix } from '../../domain/gates/pause.js';
import { jobIdOf, runOfJob } from '../../store/job-id.js';
import {
  deleteStalePauses,
  gatesOfEndedPauses,
  jobsToHold,
  releasePausedJobs,
  releasePausedRuns,
  runsAfterPause,
} from '../../store/statements/pauses.js';
import type { BatchContext, EngineContext } from '../context.js';
import { holdAt } from '../gates/hold-paused.js';
import { factsOf, runValues } from '../memory/run-info.js';
import { decideMetJobs, settleJobs } from '../runs/settle-jobs.js';
import { groupOfRun } from '../runs/wanted-run.js';
import type { Batch } from '../writer/batch.js';
import type { Operation } from '../writer/writer.js';
import { yieldToEventLoop } from '../writer/yield-turn.js';

/** Jobs and runs that one transaction holds or releases. */
const jobsAtOnce = 2_000;
const runsAtOnce = 100;
/** Gates of ended pauses that one look finds. */
const gatesAtOnce = 100;

/**
 * Carries out pauses: holds the claimable jobs of a run when its pause begins, and lets go what a pause held when it is
 * over. Every server does this when it learns of the change, after it has updated its memory: so what a server made
 * claimable before it knew is held too. What is left by a crash, the loop of gates does once a minute.
 */
export class PauseKeeper {
  readonly #context: EngineContext;
  readonly #hold: Operation<RangeToHold, number | null>;
  readonly #releaseJobs: Operation<number, number>;
  readonly #releaseRuns: Operation<number, number>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #serve: (sets: readonly number[]) => Promise<void>;

  /** @param serve serves the claims that wait here with jobs of these label sets */
  constructor(context: EngineContext, serve: (sets: readonly number[]) => Promise<void>) {
    this.#context = context;
    this.#hold = holdOperation();
    this.#releaseJobs = releaseJobsOperation(context);
    this.#releaseRuns = releaseRunsOperation(context);
    this.#serve = serve;
  }

  /** Reads the pauses, and carries out what changed since the last look. */
  async reload(): Promise<void> {
    const { pauses, labelSets, store } = this.#context;
    const labels = pauses.labels;
    const before = pauses.runs;
    await pauses.load(store.read);
    for (const [run, gate] of pauses.runs) if (!before.has(run)) await this.#holdRun(run, gate);
    await this.releaseEnded();
    if ([...labels].some((label) => !pauses.labels.has(label))) {
      await this.#serve(await labelSets.lookForClaimable(store.read));
    }
  }

  /** The same, when another server changed them; a failure is logged, and the loop of gates looks again. */
  reloadLater(): void {
    const done = this.reload()
      .catch((err: unknown) => this.#context.log.warn({ err }, 'could not read pauses; retrying'))
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Reads the pauses again, holds what slipped through, and deletes the pauses of runs that have ended. */
  async look(): Promise<void> {
    const { pauses, store } = this.#context;
    await this.reload();
    if (pauses.runs.size === 0 && pauses.workflowCount === 0) return;
    for (const [run, gate] of pauses.runs) await this.#holdRun(run, gate);
    const stale = await store.transact((connection) => deleteStalePauses.run(connection, {}));
    if (stale.length > 0) await this.reload();
  }

  async #holdRun(run: number, gate: number): Promise<void> {
    for (let from: number | null = jobIdOf(run, 0); from !== null; ) {
      from = await this.#context.writer.submit(this.#hold, { run, gate, from });
      await yieldToEventLoop(this.#context);
    }
  }

  /** Lets go what is at the gates of pauses that are over. */
  async releaseEnded(): Promise<void> {
    const { store, writer } = this.#context;
    const range = { keyFrom: 'paused:', keyTo: 'paused:\u{10ffff}', limit: gatesAtOnce };
    for (const { no, key } of await gatesOfEndedPauses.run(store.read, range)) {
      const isOfRuns = key.startsWith(workflowPausePrefix);
      const [release, most] = isOfRuns ? [this.#releaseRuns, runsAtOnce] : [this.#releaseJobs, jobsAtOnce];
      while ((await writer.submit(release, no)) === most) await yieldToEventLoop(this.#context);
    }
  }
}

interface RangeToHold {
  readonly run: number;
  readonly gate: number;
  readonly from: number;
}

/** Holds some of a run's claimable jobs; returns the id from which on there may be more. */
function holdOperation(): Operation<RangeToHold, number | null> {
  return {
    name: 'hold-paused',
    keyOf: ({ run }) => run,
    async apply(batch, inputs) {
      const next: (number | null)[] = [];
      for (const { run, gate, from } of inputs) {
        const range = { fromId: from, toId: jobIdOf(run + 1, 0), gate, limit: jobsAtOnce };
        const jobs = await jobsToHold.run(batch.connection, range);
        await holdAt(batch, jobs, () => gate);
        const last = jobs.at(-1);
        next.push(last === undefined || jobs.length < jobsAtOnce ? null : last.id + 1);
      }
      return next;
    },
  };
}

/** Decides some of the jobs anew that a pause held; returns how many. */
function releaseJobsOperation(context: BatchContext): Operation<number, number> {
  return {
    name: 'release-paused',
    keyOf: (gate) => gate,
    async apply(batch, gates) {
      const counts: number[] = [];
      for (const gate of gates) {
        const released = await releasePausedJobs.run(batch.connection, { gate, limit: jobsAtOnce });
        const jobs = released.toSorted((a, b) => a.id - b.id);
        for (const { id } of jobs) batch.changes.event('job.waiting', { run: runOfJob(id), job: id });
        await settleJobs(context, batch, await decideMetJobs(context, batch, jobs));
        counts.push(jobs.length);
      }
      return counts;
    },
  };
}

/** Lets some of the runs go that a pause held, or to their groups; returns how many. */
function releaseRunsOperation(context: BatchContext): Operation<number, number> {
  return {
    name: 'release-paused-runs',
    keyOf: (gate) => gate,
    async apply(batch, gates) {
      const counts: number[] = [];
      for (const gate of gates) counts.push(await releaseRunsOf(context, batch, gate));
      return counts;
    },
  };
}

async function releaseRunsOf(context: BatchContext, batch: Batch, gate: number): Promise<number> {
  const { connection, gates, wakeups, changes, nowMs } = batch;
  const rows = await runsAfterPause.run(connection, { gate, limit: runsAtOnce });
  const facts = await context.runs.get(
    batch,
    rows.map(({ no }) => no),
  );
  const free: { no: number }[] = [];
  for (const { no, start_spec } of rows) {
    const run = factsOf(facts, no);
    const group = groupOfRun(start_spec, run.inputs, runValues(run), run.vars);
    if (group === null) {
      free.push({ no });
      continue;
    }
    gates.askers.push({
      runId: run.id,
      // The run was accepted when it was started, so it is not refused now.
      group: group.queue === 'none' ? { ...group, queue: 'all' } : group,
      async decided(answer) {
        if (answer === 'group_full' || answer === 'group_queue_full') return null;
        if (answer === 'admitted') {
          gates.admitted.push({ no, version: run.version, jobCount: run.jobCount });
          changes.event('run.admitted', { run: no });
          wakeups.leftMatrices = true;
        }
        return no;
      },
    });
  }
  if (free.length > 0) {
    gates.looked.add(gate);
    for (const { no, version, job_count, deadline_ms } of await releasePausedRuns.run(connection, {
      rows: free,
      nowMs,
    })) {
      gates.admitted.push({ no, version, jobCount: job_count });
      changes.event('run.admitted', { run: no });
      if (deadline_ms !== null) wakeups.dueAt(deadline_ms);
      wakeups.leftMatrices = true;
    }
  }
  return rows.length;
}
