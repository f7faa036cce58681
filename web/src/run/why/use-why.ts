import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { workflows } from '../../api/transport.js';
import type { RunSnapshot } from '../run-store.js';

/** A busy run changes all the time; this is the minimum interval between requests for its reasons. */
const atMostEveryMs = 2_000;

/**
 * The reasons of a run's state. Fetched again when events of its jobs may have changed them. Workers change without
 * events of jobs, so while something waits the reasons are also fetched every half minute.
 */
export function useWhy(runId: string, snapshot: RunSnapshot) {
  const settled = useSettled(snapshot);
  const { counts, runEvent } = settled;
  const isWaiting = counts.waiting > 0;
  return useQuery({
    queryKey: ['run-why', runId, Object.values(counts).join(), runEvent?.type ?? ''],
    queryFn: ({ signal }) => workflows.explainRun({ id: runId }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: isWaiting ? 30_000 : false,
    gcTime: 0,
  });
}

/** The first snapshot immediately, and later ones after an interval. */
function useSettled(snapshot: RunSnapshot): RunSnapshot {
  const [{ shown, atMs }, setShown] = useState({ shown: snapshot, atMs: performance.now() });
  useEffect(() => {
    if (snapshot === shown) return;
    const wait = Math.max(0, atMs + atMostEveryMs - performance.now());
    const timer = setTimeout(() => setShown({ shown: snapshot, atMs: performance.now() }), wait);
    return () => clearTimeout(timer);
  }, [snapshot, shown, atMs]);
  return shown;
}
