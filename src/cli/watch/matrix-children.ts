import type { Client, Job, Workflow } from '#client';
import { hasEnded } from './waiting.js';

/** Children that one poll reads of each job. */
const pageChildren = 200;

/** The state of a run, with the children of its jobs with a matrix that a poll read. */
export interface WithChildren {
  /** Those that have not ended, and those that ended since the last poll. */
  readonly children: readonly Job[];
  /** The job with a matrix that each child belongs to, by the id of the child. */
  readonly nodeOf: ReadonlyMap<string, Job>;
}

export const noChildren: WithChildren = { children: [], nodeOf: new Map() };

/**
 * Reads the children of a run's jobs with a matrix from poll to poll. Children are claimed in order, so it starts at the
 * first that has not ended: a poll reads one page of each job, however many children it has. A run without a matrix costs
 * no request.
 */
export class MatrixChildren {
  readonly #client: Client;
  readonly #runId: string;
  /** For each job: the index of its first child that has not ended. */
  readonly #from = new Map<string, number>();

  constructor(client: Client, runId: string) {
    this.#client = client;
    this.#runId = runId;
  }

  async read({ jobs, state }: Workflow): Promise<WithChildren> {
    const children: Job[] = [];
    const nodeOf = new Map<string, Job>();
    for (const node of jobs) {
      const total = node.children?.total ?? 0;
      // A re-run of children opens some again.
      if ((node.children?.open ?? 0) > 0 && this.#from.get(node.id) === total) this.#from.delete(node.id);
      for (;;) {
        const from = this.#from.get(node.id) ?? 0;
        if (from >= total) break;
        const page = await this.#page(node.id, from);
        for (const child of page) {
          children.push(child);
          nodeOf.set(child.id, node);
        }
        const open = page.findIndex(({ status }) => !hasEnded(status));
        this.#from.set(node.id, from + (open === -1 ? page.length : open));
        // The last poll of a run reads all that are left.
        const isOver = hasEnded(node.status) || (state !== 'queued' && state !== 'running');
        if (open !== -1 || page.length === 0 || !isOver) break;
      }
    }
    return { children, nodeOf };
  }

  async #page(node: string, offset: number): Promise<readonly Job[]> {
    return (await this.#client.childrenOf(this.#runId, node, { limit: pageChildren, offset })).jobs;
  }
}
