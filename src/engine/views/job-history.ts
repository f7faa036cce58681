import { type JobInRun, type JobStatistics, jobStatistics } from '../../domain/job-statistics.js';
import type { EngineContext } from '../context.js';
import { viewLimits } from './limits.js';
import { listRunsVerb } from './list-runs.js';
import { runGraphVerb } from './run-graph.js';
import { listRunJobsVerb, type RunJobView } from './run-jobs.js';
import type { RunView } from './workflow-rows.js';

export interface JobHistoryQuery {
  readonly workflow: string;
  /** At most this many runs. */
  readonly limit: number;
  readonly pageToken: string;
}

export interface JobHistory {
  readonly key: string;
  /** For each run; null where it has no such job. */
  readonly entries: readonly (JobInRun | null)[];
  readonly statistics: JobStatistics;
}

export interface JobHistoryPage {
  /** Newest first. */
  readonly runs: readonly RunView[];
  readonly jobs: readonly JobHistory[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** How the jobs of a workflow's last runs went. Errors: `not_found`; `malformed` for a page token that was never given. */
export function jobHistoryVerb(context: EngineContext) {
  const listRuns = listRunsVerb(context);
  const runGraph = runGraphVerb(context);
  const listRunJobs = listRunJobsVerb(context);

  return async ({ workflow, limit, pageToken }: JobHistoryQuery): Promise<JobHistoryPage> => {
    const ofWorkflow = { ...everyRun, workflows: [workflow] };
    const [newest] = (await listRuns({ ...ofWorkflow, limit: 1, pageToken })).runs;
    if (newest === undefined) return { runs: [], jobs: [], nextPageToken: '' };
    const runsMax = Math.max(1, Math.min(limit, Math.floor(viewLimits.historyCells / Math.max(1, newest.jobs))));
    const { runs, nextPageToken } = await listRuns({ ...ofWorkflow, limit: runsMax, pageToken });
    const keysOfVersion = new Map<number, readonly string[]>();
    const rows = new Map<string, (JobInRun | null)[]>();
    for (const [at, run] of runs.entries()) {
      const keys = keysOfVersion.get(run.version) ?? (await runGraph(workflow, run.version)).keys;
      keysOfVersion.set(run.version, keys);
      for (const key of keys)
        if (!rows.has(key))
          rows.set(
            key,
            runs.map(() => null),
          );
      for await (const job of jobsOf(run.runId)) {
        const entries = rows.get(keys[job.ordinal] ?? '');
        if (entries !== undefined) entries[at] = toJobInRun(job, context.environment.now());
      }
    }
    const jobs = [...rows].map(([key, entries]) => ({ key, entries, statistics: jobStatistics(entries) }));
    return { runs, jobs, nextPageToken };
  };

  async function* jobsOf(id: string): AsyncGenerator<RunJobView> {
    for (let fromOrdinal: number | null = 0; fromOrdinal !== null; ) {
      const page = await listRunJobs({ id, fromOrdinal, limit: viewLimits.historyCells, states: [], childrenOf: '' });
      yield* page.jobs;
      fromOrdinal = page.nextOrdinal;
    }
  }
}

const everyRun = {
  states: [],
  createdAfterMs: null,
  createdBeforeMs: null,
  startedBy: '',
  query: '',
  withDetails: false,
} as const;

function toJobInRun({ state, startedAtMs, endedAtMs, attempt }: RunJobView, nowMs: number): JobInRun {
  const durationMs = startedAtMs === null ? 0 : Math.max(0, (endedAtMs ?? nowMs) - startedAtMs);
  return { state, durationMs, attempt };
}
