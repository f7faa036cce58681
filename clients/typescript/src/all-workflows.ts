import type { ListWorkflowsOptions } from './client-options.js';
import type { Calls } from './http/calls.js';
import { query } from './http/paths.js';
import type { Workflow } from './wire.js';

/** Iterates over all workflows from the offset; pages of `limit` workflows are fetched on demand. */
export async function* allWorkflows(calls: Calls, options: ListWorkflowsOptions): AsyncGenerator<Workflow, void> {
  const limit = options.limit ?? 100;
  for (let offset = options.offset ?? 0; ; ) {
    const path = `/api/workflows${query({ limit, offset, status: options.status })}`;
    const { value, nextOffset } = await calls.page(path);
    const page = value as readonly Workflow[];
    yield* page;
    // A page with very many jobs is shorter, and has the offset of the next page. Older servers do not send it.
    if (nextOffset === null && page.length < limit) return;
    offset = nextOffset ?? offset + limit;
  }
}
