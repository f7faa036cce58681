import { useCallback, useState } from 'react';
import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { useChangedRuns } from '../live/client.js';

export interface LiveRuns {
  /** A run in its current state. */
  readonly now: (run: Run) => Run;
  /** Runs that changed since the answer, by their ids. */
  readonly changed: ReadonlyMap<string, Run>;
}

const none: ReadonlyMap<string, Run> = new Map();

/** More changed runs than any list shows; older ones are in the next response. */
const maxKept = 2_000;

/** The runs that changed since a response whose last event is `after`. */
export function useLiveRuns(after: bigint | undefined): LiveRuns {
  const [changed, setChanged] = useState(none);
  const onRuns = useCallback((runs: readonly Run[]) => {
    setChanged((before) => {
      const all = new Map(before);
      for (const run of runs) {
        all.delete(run.runId);
        all.set(run.runId, run);
      }
      for (const id of all.keys()) {
        if (all.size <= maxKept) break;
        all.delete(id);
      }
      return all;
    });
  }, []);
  useChangedRuns(after, onRuns);
  return { changed, now: (run) => changed.get(run.runId) ?? run };
}

/** Newest first. */
export function byCreation(a: Run, b: Run): number {
  return a.runId < b.runId ? 1 : a.runId > b.runId ? -1 : 0;
}
