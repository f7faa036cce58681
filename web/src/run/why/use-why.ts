import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { workflows } from '../../api/transport.js';
import type { RunSnapshot } from '../run-store.js';

/** A busy run changes all the time; its reasons are asked for at most so often. */
const atMostEveryMs = 2_000;

/**
 * Why a run is as it is. Asked again when news of its jobs may have changed the answer; what workers there are changes without news
 * of jobs, so while something waits it is asked again each half minute too.
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

/** The first snapshot at once, and later ones when a while has passed since the last. */
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
