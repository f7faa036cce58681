import type { Calls } from './http/calls.js';
import { query, workflowPath } from './http/paths.js';
import type { Job, Workflow } from './wire.js';

/** How many children the server gives at once. */
const CHILDREN_PER_PAGE = 1_000;

/** Reads a run with the children of a job as its jobs: all of them, or a page. */
export async function readChildren(
  calls: Calls,
  id: string,
  job: string,
  { offset: first = 0, limit }: { offset?: number; limit?: number },
): Promise<Workflow> {
  const jobs: Job[] = [];
  for (;;) {
    const left = limit === undefined ? CHILDREN_PER_PAGE : Math.min(limit - jobs.length, CHILDREN_PER_PAGE);
    const asked = query({ children: job, limit: left, offset: first + jobs.length });
    const workflow = (await calls.get(`${workflowPath(id)}/status${asked}`)) as Workflow;
    jobs.push(...workflow.jobs);
    if (workflow.jobs.length < CHILDREN_PER_PAGE || jobs.length === limit) return { ...workflow, jobs };
  }
}
