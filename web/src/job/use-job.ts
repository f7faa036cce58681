import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { runs, workflows } from '../api/transport.js';
import { live } from '../live/client.js';
import { isOver, lookOfPhase } from '../run/phases.js';

/** Events of one job often come with events of others: one request covers them. */
const settleMs = 300;

/** A job with its reasons, fetched again when an event of the run may have changed them. */
export function useJob(run: string, job: string) {
  const queries = useQueryClient();
  const query = useQuery({
    queryKey: ['job', run, job],
    queryFn: async ({ signal }) => {
      const [details, why] = await Promise.all([
        runs.getJob({ id: run, jobId: job }, { signal }),
        workflows.explainJob({ id: run, jobId: job }, { signal }),
      ]);
      return { details, why };
    },
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const runId = query.data?.details.runId;
  const ordinal = query.data?.details.ordinal;
  const isSettled = isOver(lookOfPhase(query.data?.details.phase ?? 0));
  // The position to watch from is read after the job, so a change in between causes one more fetch.
  const position = useQuery({
    queryKey: ['job-position', runId],
    queryFn: ({ signal }) => runs.listRunJobs({ id: runId ?? '', fromOrdinal: ordinal ?? 0, limit: 1 }, { signal }),
    enabled: runId !== undefined && !isSettled,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const after = position.data?.lastEvent;
  useEffect(() => {
    if (after === undefined || runId === undefined) return;
    const refetch = () => queries.invalidateQueries({ queryKey: ['job', run, job] });
    void refetch();
    let last = after;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = live.watchEvents({
      runId,
      after: () => last,
      onEvents: (events) => {
        const fresh = events.filter(({ number }) => number > last);
        last = fresh.at(-1)?.number ?? last;
        // Its reasons name other jobs of the run, so any event may change them.
        if (fresh.length === 0) return;
        const isOwn = fresh.some(({ jobId }) => jobId === job || jobId === '');
        timer ??= setTimeout(
          () => {
            timer = undefined;
            void refetch();
          },
          isOwn ? settleMs : 2_000,
        );
      },
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [queries, after, runId, run, job]);
  return query;
}
