import { useQuery } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import type { ListRunJobsResponse } from '../../gen/workflowgraph/v1/run_service_pb.js';
import { runs } from '../api/transport.js';
import { live } from '../live/client.js';
import { type RunSnapshot, RunStore } from './run-store.js';

/**
 * A run's jobs, kept up to date by the stream. Two requests: the jobs, then the version's graph, which the browser
 * caches.
 */
export function useRunStore(id: string) {
  const query = useQuery({
    queryKey: ['run-jobs', id],
    queryFn: async ({ signal }) => {
      const pages = await allPages(id, signal);
      const [{ workflow = '', version = 0 } = {}] = pages;
      const graph = await runs.getRunGraph({ workflow, version }, { signal });
      return { store: new RunStore(graph, pages), workflow, version, graph };
    },
    staleTime: Number.POSITIVE_INFINITY,
    // A run that was shown before is loaded again, since its stream was closed.
    gcTime: 0,
  });
  const store = query.data?.store;
  useEffect(() => {
    if (store === undefined) return;
    return live.watchEvents({
      runId: store.runId,
      after: () => store.lastEvent,
      onEvents: (events) => {
        store.apply(events);
        // Only a re-run of some children of a matrix requires a request.
        void store.recount((fromOrdinal, limit) => runs.listRunJobs({ id: store.runId, fromOrdinal, limit }));
      },
    });
  }, [store]);
  return query;
}

export function useSnapshot(store: RunStore): RunSnapshot {
  return useSyncExternalStore(store.subscribe, store.snapshot);
}

/** Keeps the children of these nodes loaded while they are shown. */
export function useChildren(store: RunStore, nodes: readonly string[], snapshot: RunSnapshot): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of the run may have made children that are not loaded
  useEffect(() => {
    void store.load(nodes, (node) => allPages(store.runId, AbortSignal.timeout(60_000), node));
  }, [store, nodes, snapshot]);
}

async function allPages(id: string, signal: AbortSignal, childrenOf = ''): Promise<ListRunJobsResponse[]> {
  const pages = [await runs.listRunJobs({ id, childrenOf }, { signal })];
  for (;;) {
    const last = pages.at(-1);
    if (last === undefined || last.nextOrdinal === 0) return pages;
    // Of the same run, even if the workflow's newest run has changed since.
    pages.push(await runs.listRunJobs({ id: last.runId, fromOrdinal: last.nextOrdinal, childrenOf }, { signal }));
  }
}
