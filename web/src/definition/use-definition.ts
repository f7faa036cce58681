import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { definitions } from '../api/transport.js';

/** A version of a definition with its text; the current one without a number. */
export function useDefinition(workflow: string, version: number | null, enabled = true) {
  return useQuery({
    queryKey: ['definition', workflow, version],
    queryFn: ({ signal }) =>
      definitions.getDefinition({ workflow, ...(version === null ? {} : { version }) }, { signal }),
    enabled,
    gcTime: 0,
    retry: false,
  });
}

/** The versions of a definition, newest first, in pages. */
export function useVersions(workflow: string) {
  return useInfiniteQuery({
    queryKey: ['versions', workflow],
    queryFn: ({ pageParam, signal }) =>
      definitions.listVersions({ workflow, limit: 100, pageToken: pageParam }, { signal }),
    initialPageParam: '',
    getNextPageParam: ({ nextPageToken }) => (nextPageToken === '' ? undefined : nextPageToken),
    gcTime: 0,
    retry: false,
  });
}
