import type { RunState } from '../../domain/states.js';
import { explainRun, type JobGroup, type RunReason, type WhyRunFacts, whyRunLimits } from '../../domain/why-run.js';
import type { RunRow } from '../../store/statements/find-runs.js';
import { jobByKey } from '../../store/statements/jobs.js';
import { cancelRequest } from '../../store/statements/why.js';
import {
  examplesOfRun,
  failuresOfRun,
  holdersOfRun,
  type JobGroupRow,
  jobGroupsOfRun,
} from '../../store/statements/why-run.js';
import type { EngineContext } from '../context.js';
import { heldAtGate, jobHeldAtGate, pausesOfLabels } from '../gates/held-at-gate.js';
import { findRun } from '../runs/find-run.js';
import type { CancelData } from './explain-job.js';
import { viewLimits } from './limits.js';
import { nameOfToken } from './name-of-token.js';
import { loadWorkerFacts } from './worker-facts.js';

const errorChars = whyRunLimits.errorChars + 100;

/** Why a run is in its state. */
export interface RunExplanation {
  readonly runId: string;
  readonly workflowId: string;
  readonly state: Exclude<RunRow['state'], 'creating'> & RunState;
  readonly atMs: number;
  readonly jobs: number;
  readonly succeeded: number;
  readonly reasons: readonly RunReason[];
}

/**
 * Explains a whole run with a fixed number of statements, whatever its size; skips what the states of its jobs make
 * irrelevant. Errors: `not_found`.
 */
export function explainRunVerb(context: EngineContext) {
  const { store, environment } = context;

  async function loadFailures(run: RunRow): Promise<WhyRunFacts['failures']> {
    const rows = await failuresOfRun.run(store.longRead, {
      run: run.no,
      version: run.version,
      limit: viewLimits.failedJobs,
      errorChars,
    });
    return rows.map(({ key, tolerated, error }) => ({ jobKey: key, isTolerated: tolerated === 1, error: error ?? '' }));
  }

  async function loadHolders(run: RunRow): Promise<WhyRunFacts['holders']> {
    const rows = await holdersOfRun.run(store.longRead, {
      run: run.no,
      version: run.version,
      limit: viewLimits.holders,
    });
    return {
      first: rows.map(({ key, state, holds }) => ({ jobKey: key, state, holds })),
      count: rows[0]?.holders ?? 0,
    };
  }

  async function loadCancel(run: RunRow): Promise<WhyRunFacts['cancel']> {
    const { cancel_requested_at_ms: atMs } = run;
    if (atMs === null) return null;
    const [event] = await cancelRequest.run(store.longRead, { run: run.no, sinceMs: atMs });
    const { by = null, superseded_by: supersededBy = null, reason } = JSON.parse(event?.data ?? '{}') as CancelData;
    return { atMs, by: await nameOfToken(context, by), supersededBy, isTimeout: reason === 'run_timeout' };
  }

  /** The position of the run's first job that waits for a place in its group. */
  async function loadHeldJob(run: RunRow, groups: readonly JobGroup[]): Promise<WhyRunFacts['heldAt']> {
    const key = groups.find(({ state }) => state === 'held')?.jobKeys[0];
    if (key === undefined) return null;
    const [job] = await jobByKey.run(store.read, { run: run.no, version: run.version, key });
    return job === undefined ? null : jobHeldAtGate(context, job.id);
  }

  return async (id: string): Promise<RunExplanation> => {
    const run = await findRun(context, id);
    const rows = await jobGroupsOfRun.run(store.longRead, { run: run.no });
    const isAny = (state: JobGroupRow['state']) => rows.some((row) => row.state === state);
    const examples = await examplesOfRun.run(store.longRead, {
      run: run.no,
      version: run.version,
      each: whyRunLimits.named,
    });
    const labelsOf = (row: JobGroupRow) => (row.state === 'queued' ? context.labelSets.labelsOf(row.label_set) : []);
    const groups = rows.map((row): JobGroup => {
      const isOfGroup = (job: (typeof examples)[number]) =>
        job.state === row.state && job.label_set === row.label_set && job.conditional === row.conditional;
      return {
        state: row.state,
        labels: labelsOf(row),
        conditional: row.conditional,
        count: row.jobs,
        jobKeys: examples.filter(isOfGroup).map(({ key }) => key),
        sinceMs: row.state === 'queued' ? row.enqueued_at_ms : row.started_at_ms,
        delays:
          row.first_delay_ms === null || row.last_delay_ms === null
            ? null
            : { firstMs: row.first_delay_ms, lastMs: row.last_delay_ms },
      };
    });
    const nowMs = environment.now();
    const asked = [...new Set(groups.flatMap(({ labels }) => labels))];
    return {
      runId: run.id,
      workflowId: run.workflow_id,
      state: run.state as RunState,
      atMs: nowMs,
      jobs: run.job_count,
      succeeded: rows.reduce((sum, { state, jobs }) => sum + (state === 'success' ? jobs : 0), 0),
      reasons: explainRun({
        nowMs,
        groups: groups.filter(({ state }) => state !== 'success' && state !== 'failure'),
        failures: isAny('failure') ? await loadFailures(run) : [],
        holders: isAny('waiting') ? await loadHolders(run) : { first: [], count: 0 },
        workers: isAny('queued') ? await loadWorkerFacts(context, asked) : [],
        pausedLabels: await pausesOfLabels(context, asked),
        cancel: isAny('cancelled') ? await loadCancel(run) : null,
        heldAt: run.held === 1 ? await heldAtGate(context, run.no) : await loadHeldJob(run, groups),
      }),
    };
  };
}
