import { DomainError, notFound } from '../domain/errors.js';
import { jobIdOf } from '../store/job-id.js';
import {
  finishFilling,
  insertJobsOfRuns,
  insertRuns,
  lockRunsBeingMade,
  runsByRequest,
  setActivateFrom,
  waitingRoots,
} from '../store/statements/runs.js';
import { type CurrentVersionRow, currentVersions, currentVersionsOfRuns } from '../store/statements/workflows.js';
import type { Batch } from './batch.js';
import type { EngineContext, Knowledge } from './context.js';
import { othersTurn } from './define-workflow.js';
import type { StartRun } from './engine.js';
import { forgetRunBeingMade } from './forget-run.js';
import { secretHash } from './lease-id.js';
import { decideMetJobs, settleJobs } from './settle-jobs.js';
import type { Operation } from './writer.js';

/** Runs with more jobs are made in several transactions. */
const jobsPerTransaction = 2_000;

/** A run that somebody wants. */
interface WantedRun {
  /** The id that it gets. */
  readonly id: string;
  /** A workflow, or a run, which means that run's workflow. */
  readonly of: string;
  readonly inputs: string;
  readonly requestHash: string | null;
  /** The id of the token that asked for it. */
  readonly by: string | null;
  readonly traceparent: string | null;
}

interface NewRun extends WantedRun {
  readonly version: CurrentVersionRow;
}

/** A range of a large run's jobs. */
interface RunRange {
  readonly run: number;
  readonly version: number;
  readonly from: number;
  readonly to: number;
  readonly last: boolean;
}

/** Starts runs of the current definitions of workflows. */
export function startRunVerb(context: EngineContext) {
  const start = startOperation(context);
  const fill = fillOperation();
  const activate = activateOperation(context);

  /** Makes the jobs of a run that was stored without them. */
  async function fillLarge({ no, version }: LargeRun): Promise<void> {
    try {
      await inRanges(context, version.job_count, 0, (from, to, last) =>
        context.writer.submit(fill, { run: no, version: version.version, from, to, last }),
      );
    } catch (error) {
      // So that the request can be sent again. Should this fail too, it is forgotten later, as after a crash.
      await forgetRunBeingMade(context.store, no).catch(() => {});
      throw error;
    }
    await activateFrom({ no, version: version.version, jobCount: version.job_count, from: 0 });
  }

  async function activateFrom(run: { no: number; version: number; jobCount: number; from: number }): Promise<void> {
    await inRanges(context, run.jobCount, run.from, (from, to, last) =>
      context.writer.submit(activate, { run: run.no, version: run.version, from, to, last }),
    );
  }

  return {
    /** Errors: `not_found` for an id that is neither a workflow's nor a run's. */
    async startRun(input: StartRun): Promise<{ runId: string }> {
      const { runId, large } = await context.writer.submit(start, {
        id: context.environment.newId(),
        of: input.id,
        inputs: JSON.stringify(Object.fromEntries(input.inputs)),
        requestHash: input.requestId === null ? null : secretHash(`run/${input.requestId}`),
        by: input.caller.credential,
        traceparent: input.traceparent ?? null,
      });
      if (large !== null) await fillLarge(large);
      return { runId };
    },
    /** Goes on with a large run that a crash stopped between its being whole and all its roots being claimable. */
    activateFrom,
  };
}

interface LargeRun {
  readonly no: number;
  readonly version: CurrentVersionRow;
}

interface Started {
  readonly runId: string;
  /** Set when the run's jobs are still to be made. */
  readonly large: LargeRun | null;
}

function startOperation(knowledge: Knowledge): Operation<WantedRun, Started> {
  return {
    name: 'start-run',
    rank: 10,
    keyOf: (run) => run.requestHash,
    async apply(batch, inputs) {
      const earlier = await startedEarlier(batch, inputs);
      const wanted = inputs.filter((run) => run.requestHash === null || !earlier.has(run.requestHash));
      const versions = await versionsToRun(batch, wanted);
      const fresh = wanted.flatMap((run): NewRun[] => {
        const version = versions.get(run.of);
        return version === undefined || version instanceof DomainError ? [] : [{ ...run, version }];
      });
      const numbers = await insertNewRuns(knowledge, batch, fresh);
      return inputs.map((run): Started | DomainError => {
        const before = earlier.get(run.requestHash ?? '');
        if (before instanceof DomainError) return before;
        if (before !== undefined) return { runId: before, large: null };
        const version = versions.get(run.of);
        if (version === undefined) return notFound(`workflow or run ${JSON.stringify(run.of)}`);
        if (version instanceof DomainError) return version;
        const no = numbers.get(run.id);
        if (no === undefined) throw new Error(`run ${run.id} has no number`);
        return { runId: run.id, large: isLarge(version) ? { no, version } : null };
      });
    },
  };
}

function isLarge(version: CurrentVersionRow): boolean {
  return version.job_count > jobsPerTransaction;
}

/**
 * What to run for each name that was asked for: the definition, or why it cannot be run; nothing for a name that nothing
 * has. It is read in the batch, one statement for all, and not before by each call: there that was a sixth of the cost
 * of a job's life in workflows of ten.
 */
async function versionsToRun(
  batch: Batch,
  runs: readonly WantedRun[],
): Promise<Map<string, CurrentVersionRow | DomainError>> {
  const names = new Set(runs.map((run) => run.of));
  const found = new Map<string, CurrentVersionRow | DomainError>();
  if (names.size === 0) return found;
  for (const row of await currentVersions.run(batch.connection, { rows: [...names].map((name) => [name]) })) {
    found.set(row.workflow_id, present(row));
  }
  const others = [...names].filter((name) => !found.has(name));
  if (others.length === 0) return found;
  for (const row of await currentVersionsOfRuns.run(batch.connection, { rows: others.map((name) => [name]) })) {
    found.set(row.run_id, present(row));
  }
  return found;
}

function present(workflow: CurrentVersionRow): CurrentVersionRow | DomainError {
  if (workflow.removed_at_ms === null) return workflow;
  return notFound(`workflow ${JSON.stringify(workflow.workflow_id)} was removed: its file`);
}

/**
 * The runs that were started by the same requests. One that is still being made is not acknowledged once more: should a
 * crash cut its making short, nothing is left of it.
 */
async function startedEarlier(batch: Batch, inputs: readonly WantedRun[]): Promise<Map<string, string | DomainError>> {
  const requests = inputs.map((run) => run.requestHash).filter((request) => request !== null);
  if (requests.length === 0) return new Map();
  const rows = await runsByRequest.run(batch.connection, { rows: requests.map((request) => [request]) });
  return new Map(rows.map((row) => [row.request_hash, row.state === 'creating' ? stillBeingMade(row.id) : row.id]));
}

function stillBeingMade(id: string): DomainError {
  return new DomainError(
    'unavailable',
    `Run ${id}, which this request started, is still being made. Send the request again in a moment.`,
  );
}

async function insertNewRuns(
  knowledge: Knowledge,
  batch: Batch,
  runs: readonly NewRun[],
): Promise<Map<string, number>> {
  if (runs.length === 0) return new Map();
  const stored = await insertRuns.run(batch.connection, {
    rows: runs.map((run) => [
      run.id,
      run.version.workflow,
      run.version.version,
      isLarge(run.version) ? 'creating' : 'queued',
      run.inputs,
      run.requestHash,
      run.version.job_count,
      batch.nowMs,
      isLarge(run.version) ? 0 : null,
      run.traceparent,
    ]),
  });
  const numbers = new Map(stored.map((run) => [run.id, run.no]));
  for (const { id, version, by } of runs) {
    const data = { workflow: version.workflow_id };
    batch.audits.push({ action: 'run.started', subject: id, source: 'api', actor: by, data });
  }
  const numberOf = (run: NewRun): number => {
    const no = numbers.get(run.id);
    if (no === undefined) throw new Error(`run ${run.id} was not stored`);
    return no;
  };
  for (const run of runs) {
    batch.newRuns.set(numberOf(run), {
      no: numberOf(run),
      id: run.id,
      workflowId: run.version.workflow_id,
      version: run.version.version,
      inputs: new Map(Object.entries(JSON.parse(run.inputs) as Record<string, string>)),
      jobCount: run.version.job_count,
      survivorCount: run.version.survivor_count,
      traceparent: run.traceparent,
    });
  }
  const small = runs.filter((run) => !isLarge(run.version));
  if (small.length === 0) return numbers;
  for (const run of small) batch.newestRun(run.version.workflow, numberOf(run));
  await insertJobsOfRuns.run(batch.connection, {
    rows: small.map((run) => [numberOf(run), run.version.version, 0, run.version.job_count, 1, batch.nowMs]),
  });
  // All of them before the first is decided: the batch may go on at a later time from then on.
  for (const run of small) batch.event('run.queued', { run: numberOf(run) });
  for (const run of small) {
    for (const set of JSON.parse(run.version.root_label_sets) as number[]) batch.claimable.add(set);
    if (run.version.conditional_roots > 0) {
      await decideRoots(knowledge, batch, numberOf(run), 0, run.version.job_count);
    }
  }
  return numbers;
}

/** Decides the jobs of a range that need nothing: they become claimable, or their `if` says otherwise. */
async function decideRoots(knowledge: Knowledge, batch: Batch, run: number, from: number, to: number): Promise<void> {
  const roots = await waitingRoots.run(batch.connection, { fromId: jobIdOf(run, from), toId: jobIdOf(run, to) });
  if (roots.length > 0) await settleJobs(knowledge, batch, await decideMetJobs(knowledge, batch, roots));
}

/** Makes a range of a large run's jobs, all waiting. With the last range the run is whole: from now on it survives a crash. */
function fillOperation(): Operation<RunRange, void> {
  return {
    name: 'fill-run',
    rank: 11,
    keyOf: ({ run }) => run,
    async apply(batch, ranges) {
      const making = await lockRunsBeingMade.run(batch.connection, { rows: ranges.map(({ run }) => [run]) });
      if (making.length < ranges.length) throw new Error('a run that was being made is gone: it took too long');
      await insertJobsOfRuns.run(batch.connection, {
        rows: ranges.map(({ run, version, from, to }) => [run, version, from, to, 0, batch.nowMs]),
      });
      for (const { run, last } of ranges) {
        if (!last) continue;
        const [whole] = await finishFilling.run(batch.connection, { no: run });
        if (whole === undefined) throw new Error(`run ${run} is not being made`);
        batch.newestRun(whole.workflow, run);
        batch.event('run.queued', { run });
      }
      return ranges.map(() => undefined);
    },
  };
}

/** Decides the roots of a range of a large run. */
function activateOperation(knowledge: Knowledge): Operation<RunRange, void> {
  return {
    name: 'activate-run',
    rank: 12,
    keyOf: ({ run }) => run,
    async apply(batch, ranges) {
      for (const { run, from, to, last } of ranges) {
        await decideRoots(knowledge, batch, run, from, to);
        await setActivateFrom.run(batch.connection, { no: run, from: last ? null : to });
      }
      return ranges.map(() => undefined);
    },
  };
}

/** Calls for each range of ordinals in turn, letting others go between. */
export async function inRanges(
  context: EngineContext,
  count: number,
  first: number,
  act: (from: number, to: number, last: boolean) => Promise<unknown>,
): Promise<void> {
  for (let from = first; from < count || from === 0; from += jobsPerTransaction) {
    const to = Math.min(from + jobsPerTransaction, count);
    await act(from, to, to === count);
    if (to === count) return;
    await othersTurn(context);
  }
}
