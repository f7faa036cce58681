import { type RefObject, useRef, useState } from 'react';
import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { useKeys } from '../keys/use-keys.js';

export interface Chosen {
  readonly runs: readonly Run[];
  readonly has: (runId: string) => boolean;
  /** With `upTo` all rows between the last toggled one and this one are selected too. */
  readonly toggle: (runId: string, upTo: boolean) => void;
  readonly all: (on: boolean) => void;
}

/** The selected runs of a list, by checkbox, shift-click or `x`. A run that leaves the list is deselected. */
export function useChosen(rows: readonly Run[], list: RefObject<HTMLElement | null>): Chosen {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<string | null>(null);
  const toggle = (runId: string, upTo: boolean) => {
    const next = new Set(ids);
    const from = upTo ? rows.findIndex((run) => run.runId === last.current) : -1;
    const to = rows.findIndex((run) => run.runId === runId);
    if (from >= 0) for (const run of rows.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(run.runId);
    else if (!next.delete(runId)) next.add(runId);
    last.current = runId;
    setIds(next);
  };
  useKeys({
    x: () => {
      const row = list.current?.querySelector<HTMLElement>('[data-row]:focus-within');
      if (row?.dataset.run !== undefined) toggle(row.dataset.run, false);
    },
  });
  return {
    runs: rows.filter(({ runId }) => ids.has(runId)),
    has: (runId) => ids.has(runId),
    toggle,
    all: (on) => setIds(new Set(on ? rows.map(({ runId }) => runId) : [])),
  };
}
