import { notFound } from '../domain/errors.js';
import { type JobState, type JobStatus, jobStatus, type RunState } from '../domain/states.js';
import { newestRunOfWorkflow, runById } from '../store/statements/runs.js';
import {
  type JobViewRow,
  jobsOfRun,
  jobsOfVersion,
  listRuns,
  listRunsOfWorkflow,
  listWorkflows,
  type RunViewRow,
  runViews,
} from '../store/statements/views.js';
import { currentVersion } from '../store/statements/workflows.js';
import type { EngineContext } from './context.js';
import { othersTurn } from './define-workflow.js';
import type { JobSpec, JobView, RunQuery, RunView, WorkflowView } from './engine.js';
import { readPageToken, writePageToken } from './page-token.js';

/** How many jobs are read and converted before others get their turn. */
const jobsPerPage = 1_000;

const statesOf: Readonly<Record<JobStatus, readonly JobState[]>> = {
  queued: ['waiting', 'delayed', 'queued'],
  running: ['running'],
  success: ['success'],
  failure: ['failure'],
  skipped: ['skipped'],
  cancelled: ['cancelled'],
};

/** Readers' views of workflows and runs. */
export function viewVerbs(context: EngineContext) {
  const { store } = context;

  async function runView(no: number): Promise<RunViewRow> {
    const [row] = await runViews.run(store.read, { rows: [[no]] });
    if (row === undefined) throw notFound(`run ${no}`);
    return row;
  }

  async function viewOfRun(id: string, row: RunViewRow): Promise<WorkflowView> {
    return {
      id,
      workflowId: row.workflow_id,
      name: row.name,
      trigger: row.trigger,
      version: row.number,
      run: toRunView(row),
      jobs: await inPages(context, (fromOrd) =>
        jobsOfRun
          .run(store.longRead, { run: row.no, version: row.version, fromOrd, limit: jobsPerPage })
          .then((rows) => rows.map((job) => ({ ord: job.ord, view: toJobView(job) }))),
      ),
    };
  }

  async function viewOfDefinition(row: {
    id: string;
    name: string;
    trigger: string;
    number: number;
    version: number;
  }): Promise<WorkflowView> {
    return {
      id: row.id,
      workflowId: row.id,
      name: row.name,
      trigger: row.trigger,
      version: row.number,
      run: null,
      jobs: await inPages(context, (fromOrd) =>
        jobsOfVersion
          .run(store.longRead, { version: row.version, fromOrd, limit: jobsPerPage })
          .then((rows) => rows.map((job) => ({ ord: job.ord, view: toJobView({ ...job, ...notRun }) }))),
      ),
    };
  }

  return {
    /** Errors: `not_found` for an id that is neither a run's nor a workflow's. */
    async workflowStatus(id: string): Promise<WorkflowView> {
      const [run] = await runById.run(store.read, { id });
      if (run !== undefined && run.state !== 'creating') return viewOfRun(id, await runView(run.no));
      const [newest] = await newestRunOfWorkflow.run(store.read, { id });
      if (newest !== undefined) return viewOfRun(id, await runView(newest.no));
      const [definition] = await currentVersion.run(store.read, { id });
      if (definition === undefined) throw notFound(`workflow or run ${JSON.stringify(id)}`);
      return viewOfDefinition({ ...definition, id });
    },

    async listWorkflows(query: { limit: number; offset: number; status: JobStatus | null }): Promise<WorkflowView[]> {
      const rows = await listWorkflows.run(store.longRead, {
        limit: query.limit,
        offset: query.offset,
        anyState: query.status === null ? 1 : 0,
        states: query.status === null ? [] : statesOf[query.status],
        unrun: query.status === 'queued' ? 1 : 0,
      });
      const views: WorkflowView[] = [];
      for (const row of rows) {
        views.push(
          row.newest_run === null
            ? await viewOfDefinition(row)
            : await viewOfRun(row.id, await runView(row.newest_run)),
        );
      }
      return views;
    },

    /** Errors: `not_found` for a workflow that does not exist, `malformed` for a page token that was never given. */
    async listRuns(query: RunQuery): Promise<{ runs: RunView[]; nextPageToken: string }> {
      const page = {
        before: readPageToken(query.pageToken) ?? Number.MAX_SAFE_INTEGER,
        limit: query.limit,
        state: query.state ?? '',
      };
      const rows = await (query.workflow === ''
        ? listRuns.run(store.longRead, page)
        : listRunsOfWorkflow.run(store.longRead, { ...page, workflow: await workflowNumber(query.workflow) }));
      const last = rows.at(-1);
      const isFull = last !== undefined && rows.length === query.limit;
      return { runs: rows.map(toRunView), nextPageToken: isFull ? writePageToken(last.no) : '' };
    },
  };

  async function workflowNumber(id: string): Promise<number> {
    const [definition] = await currentVersion.run(store.read, { id });
    if (definition === undefined) throw notFound(`workflow ${JSON.stringify(id)}`);
    return definition.workflow;
  }
}

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
    await othersTurn(context);
  }
}

const notRun = {
  state: 'waiting',
  attempt: 0,
  started_at_ms: null,
  ended_at_ms: null,
  delayed_until_ms: null,
  error: null,
  outputs: null,
  worker_id: null,
} as const;

function toJobView(row: JobViewRow): JobView {
  return {
    key: row.key,
    spec: JSON.parse(row.spec) as JobSpec,
    status: jobStatus(row.state),
    attempt: row.attempt,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    delayedUntilMs: row.state === 'delayed' ? row.delayed_until_ms : null,
    workerId: row.worker_id,
    error: row.error,
    outputs: row.outputs === null ? new Map() : new Map(Object.entries(JSON.parse(row.outputs))),
  };
}

function toRunView(row: RunViewRow): RunView {
  return {
    runId: row.id,
    workflowId: row.workflow_id,
    name: row.name,
    state: row.state as RunState,
    version: row.number,
    createdAtMs: row.created_at_ms,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    jobs: row.job_count,
    openJobs: row.open,
    inputs: new Map(Object.entries(JSON.parse(row.inputs))),
  };
}
