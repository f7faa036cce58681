import type { JobState, JobStatus } from '../../domain/states.js';
import { viewSizes } from '../../store/statements/job-results.js';
import {
  type JobViewRow,
  jobsOfWorkflows,
  listWorkflows,
  type RunViewRow,
  runViews,
  type WorkflowRow,
} from '../../store/statements/views.js';
import type { EngineContext } from '../context.js';
import { yieldToEventLoop } from '../writer/yield-turn.js';
import { childrenOfJobs, nodesAmong } from './children.js';
import { resultAt, shownResults } from './job-results.js';
import { viewLimits } from './limits.js';
import type { JobView, WorkflowView } from './workflow-rows.js';
import { type DefinitionRow, jobsPerPage, toJobView, toRunView, toUnrunJobView } from './workflow-rows.js';

export interface WorkflowQuery {
  readonly limit: number;
  readonly offset: number;
  /** Only workflows with a job in this state. */
  readonly status: JobStatus | null;
  /** Limit of the jobs of all workflows of the page; a page has at least one workflow. */
  readonly jobsMax: number;
  /** Limit of the bytes of the page; `viewLimits.workflowPageBytes` when absent. */
  readonly bytesMax?: number;
}

export interface WorkflowPage {
  readonly workflows: readonly WorkflowView[];
  /** Null on the last page. */
  readonly nextOffset: number | null;
}

const statesOf: Readonly<Record<JobStatus, readonly JobState[]>> = {
  queued: ['waiting', 'held', 'delayed', 'queued'],
  running: ['running', 'open'],
  success: ['success'],
  failure: ['failure'],
  skipped: ['skipped'],
  cancelled: ['cancelled'],
};

/** Views of single workflows, which read a large workflow in pages. */
export interface SingleViews {
  viewOfRun(id: string, row: RunViewRow): Promise<WorkflowView>;
  viewOfDefinition(row: DefinitionRow): Promise<WorkflowView>;
}

/**
 * Lists workflows by id, each with its newest run. A page ends before the workflow that would exceed its limit of jobs
 * or bytes, but has at least one, however large.
 *
 * The number of statements does not grow with that of the workflows: one for the workflows, one for their sizes, one
 * for their runs, and one for the jobs of as many workflows as have a thousand together; another for their error texts
 * and outputs if these are long.
 */
export function listWorkflowsVerb({ store, environment, labelSets }: EngineContext, single: SingleViews) {
  return async (query: WorkflowQuery): Promise<WorkflowPage> => {
    const found = await listWorkflows.run(store.longRead, {
      // One more row shows whether there is another page.
      limit: query.limit + 1,
      offset: query.offset,
      anyState: query.status === null ? 1 : 0,
      states: query.status === null ? [] : statesOf[query.status],
      unrun: query.status === 'queued' ? 1 : 0,
    });
    const bytesMax = query.bytesMax ?? viewLimits.workflowPageBytes;
    const rows = await withinBytes(withinJobs(found.slice(0, query.limit), query.jobsMax), bytesMax);
    const runs = await runsOf(rows);
    const views: WorkflowView[] = [];
    for (const group of inGroups(rows)) {
      views.push(...(await viewsOf(group, runs)));
      await yieldToEventLoop({ environment });
    }
    return { workflows: views, nextOffset: rows.length < found.length ? query.offset + rows.length : null };
  };

  /** The longest prefix within the limit of bytes, but at least one workflow. */
  async function withinBytes(rows: readonly WorkflowRow[], bytesMax: number): Promise<readonly WorkflowRow[]> {
    if (rows.length < 2) return rows;
    const sizes = await viewSizes.run(store.longRead, {
      rows: rows.map(({ version, newest_run }, at) => ({ at, version, run: newest_run ?? -1 })),
    });
    const bytesAt = new Map(
      sizes.map(({ at, definition, results, inputs }) => [
        at,
        definition + Math.min(results, viewLimits.resultBytes) + inputs,
      ]),
    );
    let bytes = 0;
    const end = rows.findIndex((_, at) => {
      bytes += bytesAt.get(at) ?? 0;
      return at > 0 && bytes > bytesMax;
    });
    return end === -1 ? rows : rows.slice(0, end);
  }

  async function runsOf(rows: readonly WorkflowRow[]): Promise<ReadonlyMap<number, RunViewRow>> {
    const numbers = rows.map((row) => row.newest_run).filter((no) => no !== null);
    if (numbers.length === 0) return new Map();
    const views = await runViews.run(store.longRead, { rows: numbers.map((no) => ({ no })) });
    return new Map(views.map((row) => [row.no, row]));
  }

  async function viewsOf(
    rows: readonly WorkflowRow[],
    runs: ReadonlyMap<number, RunViewRow>,
  ): Promise<readonly WorkflowView[]> {
    const runOf = (row: WorkflowRow): RunViewRow | null => runs.get(row.newest_run ?? -1) ?? null;
    const [first] = rows;
    if (first !== undefined && first.jobs > jobsPerPage) {
      const run = runOf(first);
      return [run === null ? await single.viewOfDefinition(first) : await single.viewOfRun(first.id, run)];
    }
    const jobs = await jobsOfWorkflows.run(store.longRead, {
      rows: rows.map((row, at) => ({
        at,
        version: runOf(row)?.version ?? row.version,
        run: runOf(row)?.no ?? -1,
      })),
    });
    const jobsAt: { ord: number; view: JobView }[][] = rows.map(() => []);
    const ran = jobs.filter((job) => job.state !== null) as ({ at: number } & JobViewRow)[];
    const results = await shownResults(store.longRead, ran, { bytesLeft: viewLimits.resultBytes });
    const children = await childrenOfJobs(store.longRead, nodesAmong(ran));
    ran.forEach((job, at) => {
      const view = toJobView(job, resultAt(results, at), labelSets, children.get(job.job) ?? null);
      jobsAt[job.at]?.push({ ord: job.ord, view });
    });
    for (const job of jobs) {
      if (job.state === null) jobsAt[job.at]?.push({ ord: job.ord, view: toUnrunJobView(job) });
    }
    return rows.map((row, at): WorkflowView => {
      const run = runOf(row);
      const { name, trigger, number } = run ?? row;
      const sorted = (jobsAt[at] ?? []).sort((a, b) => a.ord - b.ord).map(({ view }) => view);
      const shown = run === null ? null : toRunView(run);
      return { id: row.id, workflowId: row.id, name, trigger, version: number, run: shown, jobs: sorted };
    });
  }
}

/** The longest prefix within the limit of jobs, but at least one workflow. */
function withinJobs(rows: readonly WorkflowRow[], jobsMax: number): readonly WorkflowRow[] {
  let jobs = 0;
  const end = rows.findIndex((row, at) => {
    jobs += row.jobs;
    return at > 0 && jobs > jobsMax;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

/** Workflows that one statement reads: those of about a thousand jobs together, and each larger one alone. */
function inGroups(rows: readonly WorkflowRow[]): readonly (readonly WorkflowRow[])[] {
  const groups: WorkflowRow[][] = [];
  let jobs = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    jobs += row.jobs;
    if (jobs > jobsPerPage) {
      groups.push([row]);
      jobs = row.jobs;
    } else {
      groups.at(-1)?.push(row);
    }
  }
  return groups;
}
