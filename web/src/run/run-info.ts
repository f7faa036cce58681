import { useQuery } from '@tanstack/react-query';
import { workflows } from '../api/transport.js';

/** The data of a whole run; null if it does not exist. */
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
