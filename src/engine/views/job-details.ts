import { notFound } from '../../domain/errors.js';
import type { JobState } from '../../domain/states.js';
import type { StepState } from '../../domain/step-states.js';
import type { AttemptFact } from '../../domain/why-facts.js';
import { isChild, ordinalOfJob } from '../../store/job-id.js';
import type { RunRow } from '../../store/statements/find-runs.js';
import { childTexts } from '../../store/statements/matrix-children.js';
import { type JobViewRow, jobsOfRun, runViews } from '../../store/statements/views.js';
import { attemptsOfJob } from '../../store/statements/why.js';
import type { EngineContext } from '../context.js';
import { findChild } from '../runs/find-child.js';
import { findRun } from '../runs/find-run.js';
import { childrenOfJobs, nodesAmong, readChild } from './children.js';
import { shortened, toAttemptFact, whyJobByKey } from './explain-job.js';
import { resultAt, shownResults } from './job-results.js';
import { viewLimits } from './limits.js';
import { stepStatesOf } from './step-states.js';
import { type JobView, toJobView } from './workflow-rows.js';

/** One job of a run. */
export interface JobDetails {
  readonly runId: string;
  readonly workflowId: string;
  readonly version: number;
  readonly ordinal: number;
  readonly state: JobState;
  readonly enqueuedAtMs: number | null;
  readonly job: JobView;
  /** Oldest first; at most the newest hundred, with the beginnings of their error texts. */
  readonly attempts: readonly AttemptFact[];
  readonly attemptsTotal: number;
  /** How far each step is in the newest attempt; empty before the first, and without steps. */
  readonly steps: readonly StepState[];
  /** Null for a job of the definition. */
  readonly child: { readonly group: string; readonly index: number; readonly matrix: string } | null;
}

/** One job of a run, or of a workflow's newest run, with its attempts. Errors: `not_found`. */
export function jobDetailsVerb(context: EngineContext) {
  const { store } = context;
  async function loadRow(run: RunRow, job: number, key: string): Promise<JobViewRow | null> {
    if (isChild(job)) {
      const child = await findChild(store.read, run, key);
      return child === null ? null : readChild(store.read, run.version, child);
    }
    const place = { run: run.no, version: run.version, fromOrd: ordinalOfJob(job), limit: 1 };
    return (await jobsOfRun.run(store.read, place))[0] ?? null;
  }

  async function matrixOf(job: number): Promise<string> {
    return (await childTexts.run(store.read, { from: job, to: job + 1 }))[0]?.matrix ?? '{}';
  }

  return async (id: string, jobKey: string): Promise<JobDetails> => {
    const run = await findRun(context, id);
    const job = await whyJobByKey(store.read, run, jobKey);
    if (job === null) throw notFound(`job ${JSON.stringify(jobKey)} of run ${run.id}`);
    const ordinal = ordinalOfJob(job.id);
    const [view] = await runViews.run(store.read, { rows: [{ no: run.no }] });
    const row = await loadRow(run, job.id, jobKey);
    // A run may be pruned between the reads.
    if (view === undefined || row === null) throw notFound(`run ${run.id}`);
    const results = await shownResults(store.read, [row], { bytesLeft: viewLimits.resultBytes });
    const children = await childrenOfJobs(store.read, nodesAmong([row]));
    const attempts = await attemptsOfJob.run(store.read, {
      job: job.id,
      upTo: job.attempt,
      limit: viewLimits.attempts,
      errorChars: viewLimits.quotedChars + 1,
    });
    const [newest] = attempts;
    const shown = toJobView(row, resultAt(results, 0), context.labelSets, children.get(row.job) ?? null);
    return {
      runId: run.id,
      workflowId: run.workflow_id,
      version: view.number,
      ordinal,
      state: row.state,
      enqueuedAtMs: job.enqueued_at_ms,
      job: shown,
      attempts: attempts.map(toAttemptFact).map(shortened).reverse(),
      // Attempts are numbered from 0 without gaps.
      attemptsTotal: newest === undefined ? 0 : newest.number + 1,
      steps: await stepStatesOf(store.longRead, job.id, shown.spec.steps, newest),
      child: row.idx === null ? null : { group: row.key, index: row.idx, matrix: await matrixOf(job.id) },
    };
  };
}
