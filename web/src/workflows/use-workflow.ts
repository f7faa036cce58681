import { useQuery } from '@tanstack/react-query';
import { workflows } from '../api/transport.js';

/** A workflow without its jobs; null for one that is no longer in the list. */
export function useWorkflow(id: string) {
  return useQuery({
    queryKey: ['workflow', id],
    queryFn: async ({ signal }) => {
      const { workflows: found } = await workflows.listWorkflowSummaries({ query: id, limit: 200 }, { signal });
      return found.find((workflow) => workflow.id === id) ?? null;
    },
  });
}
