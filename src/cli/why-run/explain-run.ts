import type { Client, JobStatus, RunState, Workflow } from '#client';
import { nameJobs } from '../watch/waiting.js';
import { firstErrorLine, groupCauses, type JobGroup } from './causes.js';

/** Why a run is in its state. */
export interface RunExplanation {
  readonly run_id: string | null;
  readonly workflow: string;
  readonly name: string;
  readonly state: RunState | null;
  /** The number of jobs of the run, and of those that succeeded. */
  readonly jobs: number;
  readonly succeeded: number;
  /** Root causes first. */
  readonly causes: readonly RunCause[];
}

export interface RunCause {
  /** The code of the reason, as in `why <run> <job>`. */
  readonly code: string;
  readonly status: JobStatus;
  readonly message: string;
  readonly count: number;
  readonly jobs: readonly string[];
}

/** Groups whose details are queried; of further ones only the kind is shown. */
const askedMax = 20;

/** Explains a run by groups of jobs. Queries one job of each group for which the status is not enough. */
export async function explainRun(client: Client, workflow: Workflow): Promise<RunExplanation> {
  const { run_id, name, state, jobs } = workflow;
  const causes: RunCause[] = [];
  let asked = 0;
  for (const group of state === null ? [] : groupCauses(jobs)) {
    const canAsk = run_id !== null && asked < askedMax;
    if (canAsk && needsAsking(group)) {
      asked += 1;
      causes.push(await explained(client, run_id, group));
    } else causes.push(known(group));
  }
  return {
    run_id,
    workflow: workflow.workflow,
    name,
    state,
    jobs: jobs.length,
    succeeded: jobs.filter(({ status }) => status === 'success').length,
    causes,
  };
}

/** The status is enough for consequences of other jobs, and for equal errors of several jobs. */
function needsAsking({ kind, jobs }: JobGroup): boolean {
  if (kind === 'blocked' || kind === 'skipped') return false;
  return jobs.length === 1 || kind === 'claimable' || kind === 'cancelled' || kind === 'condition';
}

async function explained(client: Client, runId: string, group: JobGroup): Promise<RunCause> {
  const [first] = group.jobs;
  const explanation = first === undefined ? null : await client.explain(runId, first.id);
  const reason = explanation?.reasons[0];
  // The job may have changed since the status was read.
  if (reason === undefined || explanation?.status !== group.status) return known(group);
  return { ...counted(group), code: reason.code, message: reason.message };
}

const codes: Readonly<Record<JobGroup['kind'], string>> = {
  failed: 'failed',
  claimable: 'waits_for_worker',
  held: 'held_by_group',
  delayed: 'delayed',
  running: 'running',
  cancelled: 'cancelled',
  blocked: 'needs_open',
  skipped: 'needs_unsuccessful',
  condition: 'condition_false',
};

function known(group: JobGroup): RunCause {
  return { ...counted(group), code: codes[group.kind], message: sentence(group) };
}

function counted({ status, jobs }: JobGroup): Pick<RunCause, 'status' | 'count' | 'jobs'> {
  return { status, count: jobs.length, jobs: jobs.map(({ id }) => id) };
}

function sentence({ kind, jobs, roots, moreRoots }: JobGroup): string {
  const [first] = jobs;
  const error = first === undefined ? '' : firstErrorLine(first);
  const where = `${nameJobs(roots, roots.length)}${moreRoots ? ' and others' : ''}`;
  switch (kind) {
    case 'failed':
      return error === '' ? 'Failed.' : `Failed: ${error}`;
    case 'claimable':
      return `Waiting for a worker${first?.required_labels.length ? ` with ${first.required_labels.join(', ')}` : ''}.`;
    case 'held':
      return 'Waiting for a place.';
    case 'delayed':
      return `Waiting for the next attempt${error === '' ? '.' : ` after: ${error}`}`;
    case 'running':
      return 'Running.';
    case 'cancelled':
      return 'Cancelled with the run.';
    case 'condition':
      return `Skipped: the condition "${first?.if}" is false.`;
    case 'blocked':
      return `Waiting for ${where}.`;
    case 'skipped':
      return `Skipped because of ${where}.`;
  }
}
