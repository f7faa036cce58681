import { useQuery } from '@tanstack/react-query';
import { workflows } from '../api/transport.js';

/** What is said of a whole run; null for one that is not there. */
export function useRunInfo(runId: string | undefined) {
  return useQuery({
    queryKey: ['run', runId],
    queryFn: async ({ signal }) => {
      const { runs } = await workflows.listRuns({ query: runId ?? '', limit: 1, withDetails: true }, { signal });
      return runs.find((run) => run.runId === runId) ?? null;
    },
    enabled: runId !== undefined,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
