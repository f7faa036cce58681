import { notFound } from '../../domain/errors.js';
import { ordinalOfKey } from '../../store/statements/job-results.js';
import { type JobViewRow, jobsOfRun, jobsOfVersion, type RunViewRow, runViews } from '../../store/statements/views.js';
import type { EngineContext } from '../context.js';
import { findChild } from '../runs/find-child.js';
import { findRun, findRunOrDefinition } from '../runs/find-run.js';
import { yieldToEventLoop } from '../writer/yield-turn.js';
import { type ChildrenQuery, childrenOfJobs, nodesAmong, readChild, readChildren } from './children.js';
import { resultAt, shownResults } from './job-results.js';
import { viewLimits } from './limits.js';
import { listWorkflowsVerb } from './list-workflows.js';
import type { JobView, WorkflowView } from './workflow-rows.js';
import { type DefinitionRow, jobsPerPage, toJobView, toRunView, toUnrunJobView } from './workflow-rows.js';

/** Readers' views of workflows and runs. */
export function viewVerbs(context: EngineContext) {
  const { store } = context;

  async function runView(no: number): Promise<RunViewRow> {
    const [row] = await runViews.run(store.read, { rows: [{ no }] });
    if (row === undefined) throw notFound(`run ${no}`);
    return row;
  }

  async function viewOfRun(id: string, row: RunViewRow, only = ''): Promise<WorkflowView> {
    const budget = { bytesLeft: viewLimits.resultBytes };
    return {
      ...runOnly(id, row),
      jobs: await jobViews(row.version, only, row.no, async (fromOrd, limit) => {
        const rows = await jobsOfRun.run(store.longRead, { run: row.no, version: row.version, fromOrd, limit });
        return rowViews(rows, budget);
      }),
    };
  }

  async function viewOfDefinition(row: DefinitionRow, only = ''): Promise<WorkflowView> {
    return {
      id: row.id,
      workflowId: row.id,
      name: row.name,
      trigger: row.trigger,
      version: row.number,
      run: null,
      jobs: await jobViews(row.version, only, null, async (fromOrd, limit) => {
        const rows = await jobsOfVersion.run(store.longRead, { version: row.version, fromOrd, limit });
        return rows.map((job) => ({ ord: job.ord, view: toUnrunJobView(job) }));
      }),
    };
  }

  async function rowViews(
    rows: readonly JobViewRow[],
    budget: { bytesLeft: number },
  ): Promise<{ ord: number; view: JobView }[]> {
    const results = await shownResults(store.longRead, rows, budget);
    const children = await childrenOfJobs(store.longRead, nodesAmong(rows));
    return rows.map((row, at) => ({
      ord: row.ord,
      view: toJobView(row, resultAt(results, at), context.labelSets, children.get(row.job) ?? null),
    }));
  }

  async function childView(version: number, key: string, run: number | null): Promise<JobView> {
    const child = run === null ? null : await findChild(store.read, { no: run, version }, key);
    const row = child === null ? null : await readChild(store.longRead, version, child);
    const [found] = row === null ? [] : await rowViews([row], { bytesLeft: viewLimits.resultBytes });
    if (found === undefined) throw notFound(`job ${JSON.stringify(key)}`);
    return found.view;
  }

  /** The views of all jobs, or of the one with this key. */
  async function jobViews(version: number, only: string, run: number | null, page: JobPage): Promise<JobView[]> {
    if (only === '') return inPages(context, (fromOrd) => page(fromOrd, jobsPerPage));
    const [place] = await ordinalOfKey.run(store.read, { version, key: only });
    if (place === undefined) return [await childView(version, only, run)];
    return (await page(place.ord, 1)).map(({ view }) => view);
  }

  return {
    /**
     * @param only the key of the only job to show; all jobs when empty
     *
     * Errors: `not_found` for an id that is neither a run's nor a workflow's, and for a job that it does not have.
     */
    async workflowStatus(id: string, only = ''): Promise<WorkflowView> {
      const { run, definition } = await findRunOrDefinition(context, id);
      if (run === null) return viewOfDefinition({ ...definition, id }, only);
      // A prefix of a run's id is answered with the whole id.
      return viewOfRun(id === run.workflow_id ? id : run.id, await runView(run.no), only);
    },

    /**
     * A run whose jobs are children of one of its jobs.
     *
     * Errors: `not_found`, also for a workflow that has not run and for a job that has no matrix.
     */
    async childrenStatus(id: string, query: ChildrenQuery): Promise<WorkflowView> {
      const run = await findRun(context, id);
      const row = await runView(run.no);
      const rows = await readChildren(store.longRead, run, query);
      const jobs = (await rowViews(rows, { bytesLeft: viewLimits.resultBytes })).map(({ view }) => view);
      return { ...runOnly(id === run.workflow_id ? id : run.id, row), jobs };
    },

    listWorkflows: listWorkflowsVerb(context, { viewOfRun, viewOfDefinition }),
  };
}

function runOnly(id: string, row: RunViewRow): Omit<WorkflowView, 'jobs'> {
  return {
    id,
    workflowId: row.workflow_id,
    name: row.name,
    trigger: row.trigger,
    version: row.number,
    run: toRunView(row),
  };
}

/** Reads a page of jobs from an ordinal on. */
type JobPage = (fromOrd: number, limit: number) => Promise<{ ord: number; view: JobView }[]>;

async function inPages(
  context: EngineContext,
  page: (fromOrd: number) => Promise<{ ord: number; view: JobView }[]>,
): Promise<JobView[]> {
  const views: JobView[] = [];
  for (let fromOrd = 0; ; ) {
    const jobs = await page(fromOrd);
    for (const { view } of jobs) views.push(view);
    const last = jobs.at(-1);
    if (last === undefined || jobs.length < jobsPerPage) return views;
    fromOrd = last.ord + 1;
    await yieldToEventLoop(context);
  }
}
